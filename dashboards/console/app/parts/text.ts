/** What somebody entered, or a schema's default, as a field shows it; nothing for what is no text. */
export function asText(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

/** The texts of a form, by the names of its fields. */
export function textsOf(form: HTMLFormElement): { readonly [name: string]: string } {
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, asText(value)]));
}
