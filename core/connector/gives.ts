import type { Measured } from "../schema/canonical.ts";
import type { Stream } from "./define.ts";

/** What numbers a stream's records are counted in, by these settings. */
export function givesOf(stream: Stream, settings: unknown): readonly Measured[] {
  const { gives = [] } = stream;
  return typeof gives === "function" ? gives(settings) : gives;
}
