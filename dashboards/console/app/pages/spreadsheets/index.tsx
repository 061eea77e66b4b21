import { type ReactNode, useState } from "react";
import { Page } from "../../parts/page.tsx";
import { useWords } from "../../words/index.ts";
import { ChooseFile } from "./choose-file.tsx";
import { MapColumns } from "./map-columns.tsx";
import { text } from "./words.ts";

/** `/spreadsheets`: from a file to a connection, without writing anything by hand. */
export function Spreadsheets(): ReactNode {
  const t = useWords(text);
  const [from, setFrom] = useState<string | null>(null);
  return (
    <Page title={t.title} about={t.about}>
      {from === null ? (
        <ChooseFile onChoose={setFrom} />
      ) : (
        <MapColumns key={from} from={from} onBack={() => setFrom(null)} />
      )}
    </Page>
  );
}
