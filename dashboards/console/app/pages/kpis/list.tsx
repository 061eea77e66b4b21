import { Badge, Group, Paper, SimpleGrid, Text, TextInput, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useApi } from "../../api/hooks.ts";
import { Icon } from "../../parts/icons.tsx";
import { KeyNumbers } from "../../parts/key-numbers.tsx";
import { Loading, Page, Problem } from "../../parts/page.tsx";
import { useWords } from "../../words/index.ts";
import { useTitle } from "../../words/kpis.ts";
import { text } from "./words.ts";

/** `/kpis` */
export function Kpis(): ReactNode {
  const t = useWords(text);
  const titleOf = useTitle();
  const asked = useApi("GET /kpis", {});
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const shown = asked.data?.data.filter((kpi) =>
    `${titleOf(kpi)} ${kpi.title} ${kpi.id} ${kpi.question}`.toLowerCase().includes(wanted),
  );
  return (
    <Page title={t.title} about={t.about}>
      <Problem error={asked.error} />
      {wanted === "" ? <KeyNumbers /> : null}
      <TextInput
        label={t.find}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
        leftSection={<Icon name="search" size={16} />}
        maw={420}
      />
      {shown === undefined ? <Loading /> : null}
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3, xl: 4 }} spacing="sm">
        {shown?.map((kpi) => (
          <Paper key={kpi.id} withBorder p="md" className="clickable" component={Link} to={`/kpis/${kpi.id}`}>
            <Group justify="space-between" gap={4}>
              <Title order={2} size="h5">
                {titleOf(kpi)}
              </Title>
              {kpi.is_own ? <Badge color="gray">{t.own}</Badge> : null}
            </Group>
            <Text size="sm" c="dimmed" lang="en">
              {kpi.question}
            </Text>
          </Paper>
        ))}
      </SimpleGrid>
    </Page>
  );
}
