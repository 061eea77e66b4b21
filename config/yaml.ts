import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
} from "yaml";

export type Path = readonly PropertyKey[];
export type Place = { readonly line: number; readonly column: number };

/** Something wrong with the file, and where. */
export type FileIssue = Place & { readonly path: Path; readonly message: string };

/** A YAML file as plain data, with the way back from data to lines. */
export type YamlFile = {
  readonly value: unknown;
  /** Why it cannot be read at all. */
  readonly issues: readonly FileIssue[];
  /** Variables that it names and that are not there. What stands in their place is no value. */
  readonly unset: readonly FileIssue[];
  /** Whether the value at the path has such a variable in it. */
  isUnset(path: Path): boolean;
  /** Where the value at the path stands; of one that is absent, where the part around it stands. With `key`, its name instead. */
  place(path: Path, of?: "key" | "value"): Place;
  /** Whether the value was taken from the environment, wholly or in part. */
  isFromEnvironment(path: Path): boolean;
};

/**
 * `${NAME}` takes a variable, `${NAME:-text}` falls back to the text when it is not set or empty. `$${` is a literal `${`.
 */
const REFERENCE = /\$\$\{|\$\{([^}]*)\}/g;
const NAME = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/;

/** @param variable reads the environment; empty counts as not set. */
export function parseYaml(text: string, variable: (name: string) => string | undefined): YamlFile {
  try {
    return parsed(text, variable);
  } catch (error) {
    // Each step walks it level by level, and the stack ends at another depth for each.
    if (error instanceof RangeError) return unreadable({ line: 1, column: 1 }, NESTED);
    throw error;
  }
}

function parsed(text: string, variable: (name: string) => string | undefined): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  // What the parser says after its first error mostly follows from it.
  const [error] = document.errors;
  if (error !== undefined) {
    const message = error.message.replace(/\n[\s\S]*/, "");
    return unreadable(at(error.pos[0]), message.includes("call stack") ? NESTED : message);
  }

  const unset: FileIssue[] = [];
  const unsetNodes = new Set<Node>();
  const expanded = new Set<Node>();
  visit(document, {
    Scalar(key, node) {
      if (key === "key" || typeof node.value !== "string" || !node.value.includes("${")) return;
      const raw = node.value;
      node.value = raw.replace(REFERENCE, (match: string, inside: string | undefined) => {
        if (inside === undefined) return "${";
        expanded.add(node);
        const { value, problem } = resolve(inside, variable);
        if (problem !== null) {
          unset.push({ ...at(node.range?.[0] ?? 0), path: [], message: problem });
          unsetNodes.add(node);
        }
        return value ?? match;
      });
    },
  });
  const has = (nodes: ReadonlySet<Node>, path: Path): boolean => {
    const node = nodeAt(document, path);
    return node !== null && nodes.has(node);
  };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (thrown) {
    // Aliases of aliases: a few lines that stand for more than a machine can hold.
    if (thrown instanceof ReferenceError)
      return unreadable({ line: 1, column: 1 }, "its aliases stand for too much; write it out");
    throw thrown;
  }
  return {
    value,
    issues: [],
    unset,
    isUnset: (path) => has(unsetNodes, path),
    place: (path, of = "value") => at(offsetOf(document, path, of)),
    isFromEnvironment: (path) => has(expanded, path),
  };
}

const MOST_ALIASES = 100;
const NESTED = "it is nested too deeply";

function unreadable(place: Place, message: string): YamlFile {
  return {
    value: null,
    issues: [{ ...place, path: [], message }],
    unset: [],
    isUnset: () => false,
    place: () => place,
    isFromEnvironment: () => false,
  };
}

function resolve(
  inside: string,
  variable: (name: string) => string | undefined,
): { readonly value: string | null; readonly problem: string | null } {
  const [, name, fallback] = NAME.exec(inside) ?? [];
  if (name === undefined)
    return { value: null, problem: `"\${${inside}}" is no variable: write \${NAME} or \${NAME:-text}` };
  const found = variable(name);
  if (found !== undefined && found !== "") return { value: found, problem: null };
  if (fallback !== undefined) return { value: fallback, problem: null };
  return { value: null, problem: `the environment variable ${name} is not set` };
}

/** The deepest node on the path that there is, with the key that led to it. */
function walk(
  document: Document,
  path: Path,
): { readonly node: Node | null; readonly key: Node | null; readonly depth: number } {
  let node: Node | null = resolved(document, document.contents);
  let key: Node | null = null;
  for (const [depth, step] of path.entries()) {
    let next: Node | null = null;
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(step),
      );
      if (pair !== undefined) {
        // Keys were just found to be scalars; a key without a value has none.
        key = pair.key as Node;
        next = (pair.value as Node | null) ?? key;
      }
    } else if (isSeq(node) && typeof step === "number") {
      // What a parsed list holds are nodes.
      next = (node.items[step] as Node | undefined) ?? null;
      key = next;
    }
    if (next === null) return { node, key, depth };
    node = resolved(document, next);
  }
  return { node, key, depth: path.length };
}

function resolved(document: Document, node: Node | null): Node | null {
  return isAlias(node) ? (node.resolve(document) ?? null) : node;
}

function nodeAt(document: Document, path: Path): Node | null {
  const found = walk(document, path);
  return found.depth === path.length ? found.node : null;
}

function offsetOf(document: Document, path: Path, of: "key" | "value"): number {
  const { node, key, depth } = walk(document, path);
  // What is absent is looked for where the part around it begins.
  const chosen = of === "key" || depth < path.length ? (key ?? node) : node;
  return chosen?.range?.[0] ?? 0;
}

/** A path as people write it: `connections[0].settings.tables`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return text === "" ? String(step) : `${text}.${String(step)}`;
  }, "");
}
