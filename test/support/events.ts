/** A server-sent event. WHATWG HTML, "Server-sent events"; our server writes the data as one line. */
export type ServerEvent = { readonly name: string; readonly id: string; readonly data: string };

/** The events of an answer as they come, until it ends. Comments and retry times are left out. */
export async function* readEvents(response: Response): AsyncGenerator<ServerEvent, void> {
  const reader = (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const blocks = (text + value).split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const field = (label: string): string => new RegExp(`^${label}: (.*)$`, "m").exec(block)?.[1] ?? "";
        if (field("event") !== "") yield { name: field("event"), id: field("id"), data: field("data") };
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
