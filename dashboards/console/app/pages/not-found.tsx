import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Empty, Page } from "../parts/page.tsx";
import { common } from "../words/common.ts";
import { useWords } from "../words/index.ts";

export function NotFound(): ReactNode {
  const t = useWords(common);
  return (
    <Page title="404">
      <Empty icon="search" text={t.notFound}>
        <Button component={Link} to="/">
          {t.home}
        </Button>
      </Empty>
    </Page>
  );
}
