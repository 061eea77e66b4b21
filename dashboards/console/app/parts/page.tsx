import { Alert, Anchor, Box, Button, Center, Code, Group, Loader, Paper, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";
import { ApiError } from "../api/client.ts";
import { common } from "../words/common.ts";
import { useWords } from "../words/index.ts";
import { Icon, type IconName } from "./icons.tsx";

/** A page: its title (also of the browser's tab), what can be done, and what is there. */
export function Page(props: {
  readonly title: string;
  readonly about?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}): ReactNode {
  const { title } = props;
  useEffect(() => {
    document.title = `${title} – Tributary`;
  }, [title]);
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-start" gap="md">
        <Box flex={1} miw={220}>
          <Title order={1} size="h2" style={{ overflowWrap: "anywhere" }}>
            {title}
          </Title>
          {props.about === undefined ? null : (
            <Text c="dimmed" size="sm" mt={4} maw={760} component="div">
              {props.about}
            </Text>
          )}
        </Box>
        {props.actions === undefined ? null : <Group gap="xs">{props.actions}</Group>}
      </Group>
      {props.children}
    </Stack>
  );
}

export function Card(props: {
  readonly title?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  readonly p?: number | string;
}): ReactNode {
  return (
    <Paper withBorder p={props.p ?? "lg"} radius="md">
      {props.title === undefined ? null : (
        <Group justify="space-between" mb="md">
          <Title order={2} size="h4">
            {props.title}
          </Title>
          {props.actions}
        </Group>
      )}
      {props.children}
    </Paper>
  );
}

/** What is wrong, its code and what to do about it. What the hub itself says is English. */
export function Problem({ error, title }: { readonly error: unknown; readonly title?: string }): ReactNode {
  const t = useWords(common);
  if (error === null || error === undefined) return null;
  const known = error instanceof ApiError ? error : null;
  const isOffline = known?.code === "console.offline";
  const message = isOffline ? t.offline : known !== null ? known.message : t.wrong;
  const mend = isOffline ? t.offlineMend : (known?.mend ?? null);
  return (
    <Alert
      color="red"
      variant="light"
      icon={<Icon name="warn" />}
      title={title ?? (isOffline ? message : undefined)}
      role="alert"
    >
      <Stack gap={4}>
        {isOffline && title === undefined ? null : (
          <Text size="sm" fw={500} {...(isOffline ? {} : { lang: "en" })}>
            {message}
          </Text>
        )}
        {mend === null ? null : (
          <Text size="sm" {...(isOffline ? {} : { lang: "en" })}>
            {mend}
          </Text>
        )}
        {known === null || known.code === "" || isOffline ? null : (
          <Text size="xs">
            {t.errorCode}{" "}
            <Anchor href={`/docs/errors#${known.code}`} size="xs">
              <Code>{known.code}</Code>
            </Anchor>
          </Text>
        )}
      </Stack>
    </Alert>
  );
}

export function Loading(): ReactNode {
  const t = useWords(common);
  return (
    <Center py="xl" role="status" aria-label={t.loading}>
      <Loader type="dots" />
    </Center>
  );
}

/** Nothing is there yet: what it would be, and the way to it. */
export function Empty(props: {
  readonly icon: IconName;
  readonly text: string;
  readonly children?: ReactNode;
}): ReactNode {
  return (
    <Center py={48}>
      <Stack align="center" gap="sm" maw={460}>
        <Text c="dimmed" component="span">
          <Icon name={props.icon} size={40} />
        </Text>
        <Text c="dimmed" ta="center">
          {props.text}
        </Text>
        {props.children}
      </Stack>
    </Center>
  );
}

export function More({
  more,
  isLoading,
}: {
  readonly more: (() => void) | null;
  readonly isLoading: boolean;
}): ReactNode {
  const t = useWords(common);
  return more === null ? null : (
    <Center mt="md">
      <Button variant="default" onClick={more} loading={isLoading}>
        {t.more}
      </Button>
    </Center>
  );
}
