import type { Command } from "commander";
import { z } from "zod";
import { TributaryError } from "../../core/base/errors.ts";
import type { AnyConnector } from "../../core/connector/define.ts";
import { settingLines, type SettingLine } from "../../config/describe.ts";
import { nearest } from "../../core/base/nearest.ts";
import { CONNECTORS } from "../../connectors/index.ts";
import type { CliContext } from "../context.ts";

/** `tributary connectors [KEY]`: what can be connected, and what each needs. Opens no database. */
export function registerConnectors(command: Command, context: CliContext): void {
  command
    .option("--all", "with what settings hold in turn", false)
    .action((key: string | undefined, options: { readonly all: boolean }) => {
      if (key === undefined) {
        const list = CONNECTORS.map(toJson);
        context.out.result(list, () =>
          CONNECTORS.map(({ key: name, title }) => `${name.padEnd(20)} ${title}`).join("\n"),
        );
        return;
      }
      const connector = connectorNamed(key);
      context.out.result(toJson(connector), () => toText(connector, options.all ? 4 : 2));
    });
}

/** @throws TributaryError `connector.unknown` */
export function connectorNamed(key: string): AnyConnector {
  const connector = CONNECTORS.find((one) => one.key === key);
  if (connector !== undefined) return connector;
  const keys = CONNECTORS.map((one) => one.key);
  const guess = nearest(key, keys);
  throw new TributaryError({
    code: "connector.unknown",
    kind: "config",
    message: `There is no connector "${key}".`,
    mend: guess === null ? `Use one of: ${keys.join(", ")}.` : `Did you mean ${guess}?`,
  });
}

function toJson({ key, title, docs, settings, auth, everyS, streams }: AnyConnector): object {
  const schema = (one: z.ZodType): object => z.toJSONSchema(one, { io: "input", unrepresentable: "any" });
  return {
    key,
    title,
    docs,
    every_s: everyS,
    settings: schema(settings),
    auth: auth.map((method) => ({ kind: method.kind, credentials: schema(method.credentials) })),
    streams: Object.entries(streams).map(([name, stream]) => ({ name, title: stream.title })),
  };
}

function toText(connector: AnyConnector, depth: number): string {
  const { key, title, docs, auth, everyS, streams } = connector;
  return [
    `${title} (${key})`,
    `Documentation: ${docs}`,
    `Pulled every ${everyS} s unless the connection says otherwise`,
    "",
    "Settings:",
    ...linesText(settingLines(connector.settings, depth)),
    ...auth.flatMap((method) =>
      method.kind === "none"
        ? []
        : ["", `Credentials, ${method.title}:`, ...linesText(settingLines(method.credentials, 1))],
    ),
    "",
    "Streams:",
    ...Object.entries(streams).map(([name, stream]) => `  ${name.padEnd(28)} ${stream.title}`),
  ].join("\n");
}

function linesText(lines: readonly SettingLine[]): string[] {
  if (lines.length === 0) return ["  none"];
  const width = Math.min(40, Math.max(...lines.map((line) => line.setting.length)));
  return lines.map(({ setting, type, isRequired, default: fallback, about }) => {
    const need = isRequired ? "required" : fallback === null ? "optional" : `default ${fallback}`;
    return `  ${setting.padEnd(width)}  ${type}, ${need}${about === "" ? "" : `. ${about}`}`;
  });
}
