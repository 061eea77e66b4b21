import type { AnyConnector } from "../core/connector/define.ts";
import { close } from "./close/index.ts";

/** Every connector there is: one line each. */
export const CONNECTORS: readonly AnyConnector[] = [close];

/** The connector of a key, null when there is none. */
export function findConnector(key: string): AnyConnector | null {
  return CONNECTORS.find((connector) => connector.key === key) ?? null;
}
