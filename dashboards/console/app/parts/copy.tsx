import { Button, Code, CopyButton, Group } from "@mantine/core";
import type { ReactNode } from "react";
import { common } from "../words/common.ts";
import { useWords } from "../words/index.ts";

/** An address, a key, some lines of YAML: shown whole, copied by a button. */
export function Copyable({ text, isBlock = false }: { readonly text: string; readonly isBlock?: boolean }): ReactNode {
  const t = useWords(common);
  return (
    <Group gap="xs" align={isBlock ? "flex-start" : "center"} wrap="nowrap">
      <Code block={isBlock} flex={isBlock ? 1 : undefined} className="copyable" tabIndex={isBlock ? 0 : undefined}>
        {text}
      </Code>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Button size="compact-sm" variant="default" onClick={copy} aria-live="polite">
            {copied ? t.copied : t.copy}
          </Button>
        )}
      </CopyButton>
    </Group>
  );
}
