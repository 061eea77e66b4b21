import { readFile } from "node:fs/promises";
import path from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { parse } from "yaml";
import { TributaryError } from "../../core/base/errors.ts";
import { type Json, type JsonObject, isObject } from "../../core/base/json.ts";
import { isDay } from "../../core/base/time.ts";
import type { AuthMethod } from "../../core/connector/auth.ts";
import type { AnyConnector } from "../../core/connector/define.ts";
import type { Schedule } from "../../core/schema/tables/setup.ts";
import { connect, type Connected } from "../../core/setup/connections.ts";
import { problems, settingLines, settingProblems } from "../../config/describe.ts";
import { everySeconds } from "../../config/sections.ts";
import type { CliContext } from "../context.ts";
import { createSetup } from "../hub/setup.ts";
import { ask } from "../ask.ts";
import { connectorNamed } from "./connectors.ts";

type Options = {
  readonly id?: string;
  readonly title?: string;
  readonly set: readonly string[];
  readonly settingsFile?: string;
  readonly credential: readonly string[];
  readonly auth?: string;
  readonly every?: string;
  readonly cron?: string;
  readonly stream: readonly string[];
  readonly backfillFrom?: string;
};

/** No connector's settings nest deeper. */
const DEEPEST = 9;

const collect = (value: string, list: readonly string[]): readonly string[] => [...list, value];

/** `tributary connect CONNECTOR …`: sets up an account, then reaches it. What is required and was not given is asked for on a terminal. */
export function registerConnect(command: Command, context: CliContext): void {
  command
    .option("--id <id>", "a name of your choice (default: the connector's, such as close-main)", slug)
    .option("--title <title>", "how screens call it")
    .option("--set <key=value>", "a setting; nested ones by their path: tables.deals.key=id", collect, [])
    .option("--settings-file <file>", "settings as YAML, for those with many parts")
    .option("--credential <key=ENV_NAME>", "a credential, taken from an environment variable", collect, [])
    .option("--auth <kind>", "the way to sign in, where there are several: api_key, oauth2, service_account")
    .option("--every <time>", "pull this often: 30s, 15m, 2h, 1d", every)
    .option("--cron <expression>", "pull by a cron expression in the workspace's time zone")
    .option("--stream <stream>", "only this stream; may be repeated", collect, [])
    .option("--backfill-from <day>", "nothing older is pulled", day)
    .action(async (key: string, options: Options) => {
      const connector = connectorNamed(key);
      const id = options.id ?? `${connector.key}-main`;
      const settings = await readSettings(connector, options);
      const credentials = await readCredentials(connector, options, context);
      await context.withHub(async (hub) => {
        const setup = createSetup(hub);
        context.out.note(`Reaching ${connector.title} …`);
        const connected = await connect(setup, "cli", {
          id,
          connector: connector.key,
          title: options.title ?? connector.title,
          settings,
          credentials,
          schedule: scheduleOf(options),
          streams: options.stream.length === 0 ? null : options.stream,
          backfillFrom: options.backfillFrom ?? null,
          filesFrom: options.settingsFile === undefined ? null : path.dirname(path.resolve(options.settingsFile)),
        });
        context.out.result(toJson(id, connected), () => toText(id, connected));
      });
    });
}

function toJson(id: string, connected: Connected): object {
  const account = connected.kind === "reached" ? connected.account : null;
  return {
    connection: id,
    state: connected.kind,
    account: account === null ? null : { id: account.accountId, name: account.accountName },
    missing_permissions: account?.missingPermissions ?? [],
    warnings: account?.warnings ?? [],
  };
}

function toText(id: string, connected: Connected): string {
  switch (connected.kind) {
    case "reached": {
      const { accountName, missingPermissions, warnings } = connected.account;
      return [
        `${id} reaches ${accountName}.`,
        ...missingPermissions.map((permission) => `  missing permission: ${permission}`),
        ...warnings.map((warning) => `  warning: ${warning}`),
        `Pull it now: tributary sync ${id}`,
      ].join("\n");
    }
    case "sign_in":
      return `${id} is set up. Sign in at the vendor: in the console, on its page.`;
    case "unknown":
      return `${id} is set up, but could not be reached yet: ${connected.error.message}\nThe hub tries again by itself; tributary test ${id} says how it stands.`;
    default:
      return connected satisfies never;
  }
}

function slug(text: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,62}$/.test(text)) return text;
  throw new InvalidArgumentError("Use lower-case letters, digits and hyphens.");
}

function every(text: string): string {
  if (/^[1-9]\d{0,5}[smhd]$/.test(text) && everySeconds(text) >= 10) return text;
  throw new InvalidArgumentError("Use a number and s, m, h or d, such as 15m; at least 10s.");
}

function day(text: string): string {
  if (isDay(text)) return text;
  throw new InvalidArgumentError("Use a day that exists, as YYYY-MM-DD.");
}

function scheduleOf({ every: time, cron }: Options): Schedule | null {
  if (time !== undefined) return { everyS: everySeconds(time) };
  return cron === undefined ? null : { cron };
}

async function readSettings(connector: AnyConnector, options: Options): Promise<JsonObject> {
  const file = options.settingsFile;
  let settings: JsonObject = {};
  if (file !== undefined) {
    // YAML's own types are JSON's; what is not a map is refused with the rest below.
    settings = (parse(await readFile(file, "utf8")) ?? {}) as JsonObject;
  }
  const types = new Map(settingLines(connector.settings, DEEPEST).map(({ setting, type }) => [setting, type]));
  for (const one of options.set) {
    const { key, value } = split(one, "--set");
    settings = withValue(settings, key.split("."), valueOf(value, types.get(key)));
  }
  for (const line of settingLines(connector.settings, 1)) {
    if (!line.isRequired || Object.hasOwn(settings, line.setting) || line.type === "map") continue;
    const given = await ask(`${line.setting} (${line.about === "" ? line.type : line.about})`, { isSecret: false });
    if (given !== null) settings = { ...settings, [line.setting]: valueOf(given, line.type) };
  }
  assertRight(connector, "settings", settingProblems(connector, settings));
  // Relative paths of a file start at its own folder, others at the current one.
  return file === undefined
    ? settings
    : (connector.resolvePaths?.(settings, path.dirname(path.resolve(file))) ?? settings);
}

async function readCredentials(connector: AnyConnector, options: Options, { env }: CliContext): Promise<JsonObject> {
  let credentials: JsonObject = {};
  for (const one of options.credential) {
    const { key, value: name } = split(one, "--credential");
    const value = env.variable(name);
    if (value === undefined || value === "") throw notSet(name);
    credentials = { ...credentials, [key]: value };
  }
  const method = chooseMethod(connector, options.auth, Object.keys(credentials));
  for (const line of settingLines(method.credentials, 1)) {
    if (!line.isRequired || Object.hasOwn(credentials, line.setting)) continue;
    const given = await ask(`${line.setting} (${line.about === "" ? line.type : line.about})`, { isSecret: true });
    if (given !== null) credentials = { ...credentials, [line.setting]: given };
  }
  assertRight(connector, "credentials", problems(method.credentials, credentials).map(withoutValue));
  return credentials;
}

/** The way that was named; else the one that asks for what was given; else the first, which is the recommended one. */
function chooseMethod(connector: AnyConnector, kind: string | undefined, given: readonly string[]): AuthMethod {
  const asksFor = (method: AuthMethod): boolean => {
    const known = settingLines(method.credentials, 1).map((line) => line.setting);
    return given.every((key) => known.includes(key));
  };
  const found =
    kind === undefined
      ? (connector.auth.find(asksFor) ?? connector.auth[0])
      : connector.auth.find((method) => method.kind === kind);
  if (found !== undefined) return found;
  throw new TributaryError({
    code: "connect.unknown_auth",
    kind: "config",
    message: `${connector.key} has no way to sign in called "${kind}".`,
    mend: `Use one of: ${connector.auth.map((method) => method.kind).join(", ")}.`,
  });
}

function split(text: string, option: string): { readonly key: string; readonly value: string } {
  const at = text.indexOf("=");
  if (at > 0) return { key: text.slice(0, at), value: text.slice(at + 1) };
  throw new TributaryError({
    code: "connect.not_a_pair",
    kind: "config",
    // A credential may have been given in place of its variable: it is not repeated.
    message: `${option} needs a name, an equals sign and a value.`,
    mend:
      option === "--set"
        ? "Write it like --set region=eu."
        : "Write it like --credential api_key=CLOSE_API_KEY, with the variable's name.",
  });
}

/** YAML, so that numbers and lists can be given; but where a text is asked for, 123 is one (a property's number, say). */
function valueOf(text: string, type: string | undefined): Json {
  const value = parse(text) as Json; // YAML's own types are JSON's.
  return type === "text" && typeof value !== "string" ? text : value;
}

function withValue(settings: JsonObject, keys: readonly string[], value: Json): JsonObject {
  const [key = "", ...rest] = keys;
  if (rest.length === 0) return { ...settings, [key]: value };
  const inner = settings[key];
  return { ...settings, [key]: withValue(isObject(inner) ? inner : {}, rest, value) };
}

function withoutValue(problem: string): string {
  return problem.replace(/, got [\s\S]*$/, "");
}

function assertRight(connector: AnyConnector, what: "settings" | "credentials", lines: readonly string[]): void {
  if (lines.length === 0) return;
  throw new TributaryError({
    code: "connect.invalid",
    kind: "config",
    message: `The ${what} are not right:\n${lines.map((line) => `  ${line}`).join("\n")}`,
    mend: `Give what is named with ${what === "settings" ? "--set or --settings-file" : "--credential"}; tributary connectors ${connector.key} lists all there are.`,
  });
}

function notSet(name: string): TributaryError {
  return new TributaryError({
    code: "connect.variable_not_set",
    kind: "config",
    message: `The environment variable ${/^\w{1,60}$/.test(name) ? name : "that --credential names"} is not set.`,
    mend: "--credential takes the name of a variable, never the secret itself: set the variable, and give its name.",
  });
}
