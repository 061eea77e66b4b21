import { Button, FileButton, Group, Stack, Text, TextInput } from "@mantine/core";
import { type DragEvent, type ReactNode, useState } from "react";
import { call } from "../../api/client.ts";
import { useApi } from "../../api/hooks.ts";
import { Icon } from "../../parts/icons.tsx";
import { Card, Problem } from "../../parts/page.tsx";
import { When } from "../../parts/when.tsx";
import { useWords } from "../../words/index.ts";
import { text } from "./words.ts";

/** A file of this computer, a sheet's address, or a file that was uploaded before. */
export function ChooseFile({ onChoose }: { readonly onChoose: (from: string) => void }): ReactNode {
  const t = useWords(text);
  const uploads = useApi("GET /uploads", {}).data?.data ?? [];
  const [isOver, setOver] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [address, setAddress] = useState("");
  const send = async (file: File | null): Promise<void> => {
    if (file === null) return;
    setBusy(true);
    setError(null);
    try {
      const { from } = await call("POST /uploads", { query: { name: uploadName(file.name) }, body: file });
      onChoose(from);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    void send(event.dataTransfer.files[0] ?? null);
  };
  return (
    <Card title={t.file}>
      <Stack>
        <div
          className="drop"
          {...(isOver ? { "data-over": true } : {})}
          onDragOver={(event) => {
            event.preventDefault();
            setOver(true);
          }}
          onDragLeave={() => setOver(false)}
          onDrop={drop}
        >
          <Stack align="center" gap="xs">
            <Icon name="upload" size={36} />
            <Text fw={500}>{isBusy ? t.uploading : t.drop}</Text>
            <Text size="sm" c="dimmed">
              {t.or}
            </Text>
            <FileButton onChange={(file) => void send(file)} accept=".csv,.tsv,.tab,.txt,.xlsx">
              {(button) => (
                <Button {...button} loading={isBusy}>
                  {t.pick}
                </Button>
              )}
            </FileButton>
          </Stack>
        </div>
        <Problem error={error} />
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (address !== "") onChoose(address);
          }}
        >
          <Group align="flex-end">
            <TextInput
              flex={1}
              type="url"
              label={t.link}
              placeholder="https://docs.google.com/spreadsheets/…/pub?output=csv"
              value={address}
              onChange={(event) => setAddress(event.currentTarget.value.trim())}
            />
            <Button type="submit" variant="default" disabled={address === ""}>
              {t.useLink}
            </Button>
          </Group>
        </form>
        {uploads.length === 0 ? null : (
          <div>
            <Text fw={500} size="sm" mb={4}>
              {t.uploaded}
            </Text>
            <Group gap="xs">
              {uploads.map((one) => (
                <Button key={one.name} size="xs" variant="default" onClick={() => onChoose(one.from)}>
                  {one.name} · <When at={one.created_at} />
                </Button>
              ))}
            </Group>
          </div>
        )}
      </Stack>
    </Card>
  );
}

/** Uploads are called by letters, digits and a few signs. */
function uploadName(name: string): string {
  const tidy = name.normalize("NFC").replaceAll(/[^\p{L}\p{N} ._()-]/gu, "-");
  return (/^[\p{L}\p{N}]/u.test(tidy) ? tidy : `file ${tidy}`).slice(-100).trimStart();
}
