import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

/**
 * Asks on the terminal; the question goes to stderr, since stdout is for answers. A secret is not shown as it is typed.
 *
 * @returns null when nothing was typed, or when no person sits at the terminal.
 */
export async function ask(question: string, { isSecret }: { readonly isSecret: boolean }): Promise<string | null> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return null;
  process.stderr.write(`${question}: `);
  // Readline echoes through its output; a secret's goes nowhere.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input: process.stdin, output: isSecret ? silent : process.stderr, terminal: true });
  try {
    const answer = (await prompt.question("")).trim();
    if (isSecret) process.stderr.write("\n");
    return answer === "" ? null : answer;
  } finally {
    prompt.close();
  }
}
