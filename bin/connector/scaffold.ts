import { existsSync } from "node:fs";
import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { format, resolveConfig } from "prettier";
import { TributaryError } from "../../core/base/errors.ts";

/**
 * Writes a new connector's folder from connectors/_template, which is a connector itself (it is checked like any other), and adds it to
 * connectors/index.ts.
 *
 * @param directory the folder of all connectors.
 * @param name lower case, with dashes: `my-crm`.
 * @returns the files, relative to the directory.
 * @throws TributaryError `connector.bad_name`, `connector.exists`
 */
export async function scaffoldConnector(directory: string, name: string): Promise<readonly string[]> {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || RESERVED.has(name)) throw badName(name);
  const folder = path.join(directory, name);
  if (existsSync(folder)) throw exists(folder);
  await cp(path.join(directory, "_template"), folder, { recursive: true });
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  for (const file of files) await rewrite(file, (text) => renamed(text, name));
  await rewrite(path.join(directory, "index.ts"), (text) => listed(text, name));
  return files.map((file) => path.relative(directory, file)).toSorted();
}

/** Words that cannot name the exported constant. */
const RESERVED = new Set(
  "await break case catch class const delete do else enum export for function if import in let new null".split(" "),
);

async function rewrite(file: string, change: (text: string) => string): Promise<void> {
  const text = change(await readFile(file, "utf8"));
  // Another name breaks lines elsewhere.
  await writeFile(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
}

function words(name: string): readonly string[] {
  return name.split("-").map((word) => word.charAt(0).toUpperCase() + word.slice(1));
}

function camelCase(name: string): string {
  const pascal = words(name).join("");
  return pascal.charAt(0).toLowerCase() + pascal.slice(1);
}

function renamed(text: string, name: string): string {
  return text
    .replaceAll("acme-crm", name)
    .replaceAll("acmeCrm", camelCase(name))
    .replaceAll("AcmeCrm", words(name).join(""))
    .replaceAll("Acme CRM", words(name).join(" "));
}

/** connectors/index.ts with one connector more. */
function listed(text: string, name: string): string {
  const lastImport = text.lastIndexOf('from "./');
  const end = text.indexOf("\n", lastImport) + 1;
  const line = `import { ${camelCase(name)} } from "./${name}/index.ts";\n`;
  const imported = text.slice(0, end) + line + text.slice(end);
  return imported.replace(
    /(CONNECTORS: readonly AnyConnector\[\] = \[)([^\]]*?),?\s*\]/,
    (_, start: string, list: string) =>
      list.includes("\n") ? `${start}${list},\n  ${camelCase(name)},\n]` : `${start}${list}, ${camelCase(name)}]`,
  );
}

function badName(name: string): TributaryError {
  return new TributaryError({
    code: "connector.bad_name",
    kind: "config",
    message: `"${name}" cannot be a connector's name.`,
    mend: "Use lower-case letters, digits and single dashes, beginning with a letter: my-crm.",
  });
}

function exists(folder: string): TributaryError {
  return new TributaryError({
    code: "connector.exists",
    kind: "config",
    message: `There is a connector at ${folder} already.`,
    mend: "Choose another name, or remove the folder and its line in connectors/index.ts.",
  });
}
