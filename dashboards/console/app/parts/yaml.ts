/** As the config file has it. Maps, lists and plain values, so a few rules are enough. */
export function yamlOf(value: unknown, indent = ""): string {
  if (Array.isArray(value))
    return value.map((one) => `${indent}- ${yamlOf(one, `${indent}  `).trimStart()}`).join("\n");
  if (typeof value !== "object" || value === null) return indent + scalar(value);
  return Object.entries(value as { readonly [name: string]: unknown })
    .map(([name, one]) => {
      const key = `${indent}${scalar(name)}:`;
      if (typeof one !== "object" || one === null) return `${key} ${scalar(one)}`;
      const isEmpty = Object.keys(one).length === 0;
      return isEmpty ? `${key} ${Array.isArray(one) ? "[]" : "{}"}` : `${key}\n${yamlOf(one, `${indent}  `)}`;
    })
    .join("\n");
}

/** JSON's texts are YAML's; what is plainly a word needs no quotes. */
function scalar(value: unknown): string {
  const isWord =
    typeof value === "string" &&
    /^[A-Za-z_](?:[\w -]*\w)?$/.test(value) &&
    !/^(yes|no|true|false|null|on|off|y|n)$/i.test(value);
  return isWord ? value : JSON.stringify(value);
}
