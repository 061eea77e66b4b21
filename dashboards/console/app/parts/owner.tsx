import { Badge, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useWords, words } from "../words/index.ts";
import { Copyable } from "./copy.tsx";
import { Card } from "./page.tsx";

const text = words({
  en: {
    ready: "comes with Tributary",
    file: "config file",
    made: "made here",
    tool: (name: string) => `from ${name}`,
    yaml: "As YAML, for the config file",
  },
  fr: {
    ready: "fourni avec Tributary",
    file: "fichier de configuration",
    made: "créé ici",
    tool: (name: string) => `de ${name}`,
    yaml: "En YAML, pour le fichier de configuration",
  },
});

/** Whose something is that is set up: what the config file owns is changed there. `from`: a tool that it was read from. */
export function OwnerMark(
  props: { readonly owner: "ready" | "file" | "made" } | { readonly owner: "tool"; readonly from: string },
): ReactNode {
  const t = useWords(text);
  const { owner } = props;
  return (
    <Badge color={owner === "file" ? "violet" : owner === "made" ? "blue" : "gray"}>
      {props.owner === "tool" ? t.tool(props.from) : t[props.owner]}
    </Badge>
  );
}

/** What was set here as the config file would have it, to copy. `about`: what to do with it. */
export function AsYaml({ yaml, about = null }: { readonly yaml: string; readonly about?: string | null }): ReactNode {
  const t = useWords(text);
  return (
    <Card>
      <details>
        <summary className="summary">{t.yaml}</summary>
        <Stack gap="xs" mt="sm">
          {about === null ? null : (
            <Text size="sm" c="dimmed">
              {about}
            </Text>
          )}
          <Copyable isBlock text={yaml} />
        </Stack>
      </details>
    </Card>
  );
}
