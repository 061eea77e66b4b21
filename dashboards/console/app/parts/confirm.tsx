import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { common } from "../words/common.ts";
import { useWords } from "../words/index.ts";

/** Says what a change does before it does it. `mustType`: what has to be written out first, for what cannot be taken back. */
export function Confirm(props: {
  readonly title: string;
  readonly about: string;
  readonly isDangerous?: boolean;
  readonly mustType?: { readonly label: string; readonly text: string };
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}): ReactNode {
  const c = useWords(common);
  const [typed, setTyped] = useState("");
  const mayGo = props.mustType === undefined || typed === props.mustType.text;
  return (
    <Modal opened onClose={props.onClose} title={props.title} closeButtonProps={{ "aria-label": c.close }} centered>
      <Stack>
        <Text size="sm">{props.about}</Text>
        {props.mustType === undefined ? null : (
          <TextInput
            label={props.mustType.label}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            data-autofocus
          />
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={props.onClose}>
            {c.cancel}
          </Button>
          <Button
            color={props.isDangerous === true ? "red" : undefined}
            disabled={!mayGo}
            onClick={() => {
              props.onConfirm();
              props.onClose();
            }}
          >
            {props.title}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
