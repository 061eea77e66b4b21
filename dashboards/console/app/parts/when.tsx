import { Text, type TextProps } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";
import { common } from "../words/common.ts";
import { useWords } from "../words/index.ts";
import { useFormat } from "./format.ts";

/** How long ago it was, or how long it is to go; the exact time is in the title. */
export function When({ at, ...text }: { readonly at: string | null } & TextProps): ReactNode {
  const t = useWords(common);
  const format = useFormat();
  const now = useNow(10_000);
  if (at === null)
    return (
      <Text span inherit c="dimmed" {...text}>
        {t.never}
      </Text>
    );
  return (
    <Text span inherit {...text}>
      <time dateTime={at} title={format.dateTime(at)}>
        {format.ago(at, now)}
      </time>
    </Text>
  );
}

export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
