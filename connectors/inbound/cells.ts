import { isObject, type Json, type JsonObject } from "../../core/base/json.ts";
import type { Cells } from "../_rows/row-reader.ts";
import type { Cell } from "../_rows/values.ts";

/** The cells of a posted row: for each path what stands there. A path that leads nowhere is an empty cell. */
export function cellsOf(row: JsonObject, paths: readonly string[]): Cells {
  return Object.fromEntries(paths.map((path) => [path, cellOf(valueAt(row, path))]));
}

/** What stands at `contact.email`, `items.0.price`; a field that is really called so goes before. */
function valueAt(row: JsonObject, path: string): Json {
  if (Object.hasOwn(row, path)) return row[path] ?? null;
  let value: Json = row;
  for (const step of path.split(".")) {
    if (Array.isArray(value)) value = (value as readonly Json[])[Number(step)] ?? null;
    else if (isObject(value) && Object.hasOwn(value, step)) value = value[step] ?? null;
    else return null;
  }
  return value;
}

function cellOf(value: Json): Cell {
  if (value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return { flag: value };
  if (typeof value === "number") return numberCell(value);
  if (Array.isArray(value)) {
    const items = value as readonly Json[];
    if (items.some((item) => typeof item === "object" && item !== null))
      return { error: "a list of objects; name a path into it, such as items.0.name" };
    return items.flatMap((item) => (item === null ? [] : [JSON.stringify(item).replace(/^"|"$/g, "")])).join(", ");
  }
  return { error: "an object; name a path into it, such as contact.email" };
}

/** JSON's readers keep 15 to 17 digits of a number: of a longer identifier the end may be another by now. */
function numberCell(value: number): Cell {
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    return { error: "a number with more digits than JSON's readers keep; send it as a text" };
  const text = String(value);
  return { number: text.includes("e") ? value.toFixed(20).replace(/\.?0+$/, "") : text };
}
