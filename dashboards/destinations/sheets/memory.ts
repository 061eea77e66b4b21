import type { JsonObject } from "../../../core/base/json.ts";
import type { PushContext } from "../../../core/destination/define.ts";

/** What is remembered of each tab, by `spreadsheet/tab`. Kept at once. */
export type Memory = {
  readonly get: (name: string) => JsonObject | null;
  readonly set: (changes: readonly (readonly [name: string, value: JsonObject])[]) => Promise<void>;
};

/** @param names those that are configured. One that was taken out is forgotten: put back, it begins anew. Its tab stays. */
export function memoryOf(
  { memory, remember }: Pick<PushContext<unknown>, "memory" | "remember">,
  names: ReadonlySet<string>,
): Memory {
  // Each was written by `set`.
  const kept = new Map(Object.entries(memory).filter(([name]) => names.has(name))) as Map<string, JsonObject>;
  return {
    get: (name) => kept.get(name) ?? null,
    set(changes) {
      for (const [name, value] of changes) kept.set(name, value);
      return remember(Object.fromEntries(kept));
    },
  };
}
