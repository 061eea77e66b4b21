import { Group, Paper, SimpleGrid, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useApi } from "../../api/hooks.ts";
import { useFormat } from "../../parts/format.ts";
import { Loading, Page, Problem } from "../../parts/page.tsx";
import { useWords } from "../../words/index.ts";
import { text } from "./words.ts";

/** `/connections/new`: the tools that there are, and what each brings. */
export function Gallery(): ReactNode {
  const t = useWords(text);
  const format = useFormat();
  const asked = useApi("GET /connectors", {});
  return (
    <Page title={t.gallery} about={t.galleryAbout}>
      <Problem error={asked.error} />
      {asked.data === undefined ? <Loading /> : null}
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
        {asked.data?.data.map((one) => {
          const isSheet = one.key === "csv";
          const detail = [t.every(format.duration(one.every_s)), ...(one.has_webhook ? [t.webhookToo] : [])].join(", ");
          return (
            <Paper
              key={one.key}
              withBorder
              p="lg"
              className="clickable"
              component={Link}
              to={isSheet ? "/spreadsheets" : `/connections/new/${one.key}`}
            >
              <Group wrap="nowrap" align="flex-start">
                <ThemeIcon size={44} radius="md" variant="light" aria-hidden>
                  <Text fw={700}>{one.title.slice(0, 1)}</Text>
                </ThemeIcon>
                <Stack gap={4}>
                  <Title order={2} size="h4">
                    {one.title}
                  </Title>
                  <Text size="sm">
                    {isSheet ? t.sheets : <span lang="en">{one.streams.map(({ title }) => title).join(", ")}</span>}
                  </Text>
                  {isSheet ? null : (
                    <Text size="xs" c="dimmed">
                      {detail}
                    </Text>
                  )}
                </Stack>
              </Group>
            </Paper>
          );
        })}
      </SimpleGrid>
    </Page>
  );
}
