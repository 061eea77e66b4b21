import { RE2JS } from "re2js";
import { tidyText } from "../_rows/names.ts";

/** No file system has longer names of files; a longer pattern matches none. */
const MAX_PATTERN_CHARACTERS = 1000;

/**
 * Whether a file's name fits a pattern: `*` stands for any characters, `?` for one. Names that look the same are the same, however their
 * letters are put together (macOS keeps `é` as two characters).
 *
 * The pattern is somebody's text. RE2 takes time in proportion to the name whatever the pattern is; the engine of the language takes
 * exponential time over `*a*a*a…`, and stops everything else meanwhile.
 */
export function globMatcher(glob: string): (name: string) => boolean {
  const source = Array.from(tidyText(glob).slice(0, MAX_PATTERN_CHARACTERS))
    .map((one) => (one === "*" ? ".*" : one === "?" ? "." : RE2JS.quote(one)))
    .join("");
  const pattern = RE2JS.compile(source, RE2JS.DOTALL);
  return (name) => pattern.matches(tidyText(name));
}
