import { Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useAct, useApi, useIsAdmin } from "../../api/hooks.ts";
import { Card, Problem } from "../../parts/page.tsx";
import { When } from "../../parts/when.tsx";
import { useWords } from "../../words/index.ts";
import { reviewWords } from "./words.ts";

/** What is written down while the review goes on; beside every part of it. `id`: `coming` for the one to come. */
export function Notes({ id, nameOf }: { readonly id: string; readonly nameOf: (deal: string) => string }): ReactNode {
  const t = useWords(reviewWords);
  const isAdmin = useIsAdmin();
  const asked = useApi("GET /reviews/{id}/notes", { params: { id } });
  const add = useAct("POST /reviews/{id}/notes");
  const [text, setText] = useState("");
  const notes = asked.data?.data ?? [];
  return (
    <Card title={t.notes}>
      <Stack gap="sm">
        <Problem error={asked.error} />
        {asked.data !== undefined && notes.length === 0 ? <Text c="dimmed">{t.noNotes}</Text> : null}
        {notes.map((note) => (
          <div key={note.id}>
            <Text size="sm" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
              {note.deal_id === null ? "" : `${nameOf(note.deal_id)}: `}
              {note.text}
            </Text>
            <Text size="xs" c="dimmed">
              {note.written_by.replace(/^user:/, "")}, <When at={note.written_at} />
            </Text>
          </div>
        ))}
        {isAdmin ? (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              add.mutate({ params: { id }, body: { text } }, { onSuccess: () => setText("") });
            }}
          >
            <Stack gap="xs">
              <Textarea
                aria-label={t.note}
                placeholder={t.note}
                autosize
                minRows={2}
                maxRows={8}
                maxLength={5000}
                value={text}
                onChange={(event) => setText(event.currentTarget.value)}
              />
              <Problem error={add.error} />
              <Group>
                <Button type="submit" size="xs" variant="default" loading={add.isPending} disabled={text.trim() === ""}>
                  {t.addNote}
                </Button>
              </Group>
            </Stack>
          </form>
        ) : null}
      </Stack>
    </Card>
  );
}
