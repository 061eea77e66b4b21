import { stringify } from "yaml";
import { z } from "zod";

/** Whose something is that a config file can have. */
export const owner = z
  .enum(["ready", "file", "made"])
  .describe("There from the start, of the config file (and changed there), or made in the console or by the API");

export const yaml = z.string().describe("As the config file would have it");

/** Entries of a section as the config file has them. */
export function sectionYaml(section: string, value: unknown): string {
  return stringify({ [section]: value }, { lineWidth: 120 });
}
