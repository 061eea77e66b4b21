import { createServer } from "node:http";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CloseSimulator, startCloseSimulator } from "../../connectors/close/simulator/index.ts";
import { generateSecretKey } from "../../core/secrets/index.ts";
import { openEmbedded } from "../../core/store/embedded/index.ts";
import { type Finished, redisOfItsOwn, run, type Variables } from "../support/processes.ts";
import { portOf } from "../../core/base/network.ts";

/** What goes wrong in daily use, as a user meets it: each message names the thing and the mend, and its code is explained in docs/errors.md. */

const folder = mkdtempSync(path.join(os.tmpdir(), "tributary-messages-"));
// PostgreSQL runs as another user when the tests run as root, and has to get in.
chmodSync(folder, 0o711);

const SECRETS = {
  WRONG_KEY: "api_wrong.9f2c77d1",
  POOR_KEY: "api_poor.41b0aa38",
  TRIBUTARY_SECRET_KEY: generateSecretKey(),
} as const;
const OTHER_SECRET_KEY = generateSecretKey();

const variables: Variables = {
  ...redisOfItsOwn(3),
  ...SECRETS,
  TRIBUTARY_DATA_DIR: path.join(folder, "data"),
  TRIBUTARY_ALLOW_PRIVATE_NETWORKS: "true",
};

let simulator: CloseSimulator;
let release: () => Promise<void>;
beforeAll(async () => {
  simulator = await startCloseSimulator({
    company: null,
    limits: "off",
    keys: { [SECRETS.POOR_KEY]: { role: "admin", denied: ["activity/call"] } },
  });
  // Held by the test, so that no command has to start and stop it.
  const embedded = await openEmbedded({ dataDir: path.join(folder, "data") });
  release = () => embedded.release();
  mkdirSync(path.join(folder, "a-folder.csv"));
  writeFileSync(path.join(folder, "deals.csv"), "Id,Stage,Value\n1,Offer,100\n2,Nowhere,200\n3,Won,300\n");
  const applied = await tributary("apply", file("tributary.yaml", CONFIG(simulator.baseUrl)));
  if (applied.code !== 0) throw new Error(`the set-up was not applied: ${applied.stderr}`);
});
afterAll(async () => {
  await release();
  await simulator.close();
  rmSync(folder, { recursive: true, force: true });
});

const CONFIG = (baseUrl: string): string => `
connections:
  - id: close-wrong
    connector: close
    credentials: { api_key: "\${WRONG_KEY}" }
    settings: { base_url: "${baseUrl}" }
    streams: [calls, users]
  - id: close-poor
    connector: close
    credentials: { api_key: "\${POOR_KEY}" }
    settings: { base_url: "${baseUrl}" }
    streams: [users, calls, pipelines]
  - id: sheet
    connector: csv
    settings:
      currency: EUR
      pipelines: { Sales: { stages: [{ name: Offer }], won: [Won], lost: [Lost] } }
      tables:
        deals: { from: deals.csv, key: Id, columns: { stage: Stage, value: Value } }
  - id: sheet-missing
    connector: csv
    settings: { tables: { reps: { from: nothing-here.csv, key: Id, columns: { name: Name } } } }
  - id: sheet-column
    connector: csv
    settings: { tables: { reps: { from: deals.csv, key: Id, columns: { name: Fullname } } } }
  - id: sheet-broken
    connector: csv
    settings: { tables: { reps: { from: broken.xlsx, key: Id, columns: { name: Name } } } }
`;

type Problem = { readonly code: string; readonly kind: string; readonly detail: string; readonly mend: string };

/** Runs a command; whatever it says, it says no secret. */
async function tributary(...args: readonly string[]): Promise<Finished> {
  return withVariables({}, ...args);
}

async function withVariables(changed: Variables, ...args: readonly string[]): Promise<Finished> {
  const finished = await run(args, { ...variables, ...changed });
  for (const secret of [...Object.values(SECRETS), OTHER_SECRET_KEY]) {
    expect(finished.stdout + finished.stderr).not.toContain(secret);
  }
  return finished;
}

/** The problem object that `--json` puts on stderr, alone there but for the log. */
function problemOf({ stderr }: Finished): Problem {
  const line = stderr.trim().split("\n").at(-1) ?? "";
  return explained(JSON.parse(line) as Problem);
}

type RunError = { readonly code: string; readonly message: string; readonly mend: string };

type SyncAnswer = {
  readonly streams: readonly {
    readonly stream: string;
    readonly state: string;
    readonly skipped: number;
    readonly error: RunError | null;
  }[];
};

const runsOf = ({ stdout }: Finished): SyncAnswer["streams"] => (JSON.parse(stdout) as SyncAnswer).streams;

/** Every message has a mend, and its code a heading in docs/errors.md. */
function explained<T extends { readonly code: string; readonly mend: string }>(problem: T): T {
  expect(problem.mend).toMatch(/^.{15,}\.$/s);
  expect(headings).toContain(problem.code);
  return problem;
}

const headings = [...readFileSync("docs/errors.md", "utf8").matchAll(/^### `(.+)`$/gm)].map((match) => match[1]);

function file(name: string, text: string): string {
  const at = path.join(folder, name);
  writeFileSync(at, text);
  return at;
}

describe("a wrong key", () => {
  test("ends `test` and `sync` with 1, stops the connection, and says where a new one is made", async () => {
    const tested = await tributary("test", "close-wrong", "--json");
    expect(tested).toMatchObject({ code: 1, stdout: "" });
    expect(problemOf(tested)).toMatchObject({
      code: "close.auth.key_rejected",
      kind: "auth",
      detail: expect.stringContaining("Close does not accept the credentials") as string,
      mend: expect.stringContaining("Settings → Developer") as string,
    });

    const synced = await tributary("sync", "close-wrong", "--json");
    expect(synced.code).toBe(1);
    // One refusal is enough: asking on with a refused key may lock the account.
    const runs = runsOf(synced);
    expect(runs).toMatchObject([{ state: "failed", error: { code: "close.auth.key_rejected" } }]);

    const { stdout } = await tributary("connections", "--json");
    const listed = JSON.parse(stdout) as readonly { readonly id: string; readonly state: string }[];
    expect(listed.find(({ id }) => id === "close-wrong")).toMatchObject({ state: "needs_auth" });
  });
});

describe("a key without a permission", () => {
  test("is told by `test` with what will be missing, and fails that stream alone", async () => {
    const tested = await tributary("test", "close-poor");
    expect(tested.code).toBe(0);
    expect(tested.stdout).toContain("missing permission: calls");

    const synced = await tributary("sync", "close-poor", "--json");
    expect(synced.code).toBe(1);
    const runs = runsOf(synced);
    expect(Object.fromEntries(runs.map(({ stream, state }) => [stream, state]))).toEqual({
      users: "succeeded",
      calls: "failed",
      pipelines: "succeeded",
    });
    const error = runs.find(({ stream }) => stream === "calls")?.error;
    expect(error).toMatchObject({
      code: "close.permission_missing",
      message: expect.stringContaining("activity/call/") as string,
      mend: expect.stringMatching(/administrator's key/) as string,
    });
    if (error != null) explained(error);
  });

  test("refuses a stage that the pipeline does not have, and names those it has", async () => {
    const text = `${CONFIG(simulator.baseUrl)}\npipelines:\n  Sales: { stages: { Proposl: close } }\n`;
    const applied = await tributary("apply", file("stages.yaml", text), "--json");
    expect(applied.code).toBe(1);
    expect(problemOf(applied)).toMatchObject({
      code: "config.pipelines.unknown_stage",
      detail: expect.stringMatching(/"Sales" has no stage "Proposl".*Qualifying, Proposal/) as string,
      mend: expect.stringContaining("pipelines → Sales → stages") as string,
    });
  });
});

describe("a spreadsheet", () => {
  test("with an unknown stage lands its other rows, and names file, line, stage and what to add", async () => {
    const synced = await tributary("sync", "sheet");
    expect(synced.code).toBe(3);
    const said = synced.stdout + synced.stderr;
    expect(said).toMatch(/deals\.csv line 3.*"Nowhere" is none of Offer, Won, Lost; add it under settings\.pipelines/s);
    expect(said).toContain("csv.row.unknown_stage");
    expect(headings).toContain("csv.row.unknown_stage");
  });

  test("that is missing, no workbook, or without a mapped column is named with what to do about it", async () => {
    file("broken.xlsx", "PK\u0003\u0004 and then nothing of a workbook");
    const errorOf = async (id: string): Promise<RunError> => {
      const [run] = runsOf(await tributary("sync", id, "--json"));
      if (run?.error == null) throw new Error(`the sync of ${id} did not fail`);
      return explained(run.error);
    };
    const [missing, broken, column] = await Promise.all([
      errorOf("sheet-missing"),
      errorOf("sheet-broken"),
      errorOf("sheet-column"),
    ]);
    expect(missing).toMatchObject({
      code: "csv.file.missing",
      message: `${path.join(folder, "nothing-here.csv")} does not exist.`,
      mend: expect.stringContaining("`from`") as string,
    });
    expect(broken).toMatchObject({
      code: "csv.file.unreadable",
      message: expect.stringContaining("broken.xlsx") as string,
    });
    expect(column).toMatchObject({
      code: "csv.column.missing",
      message: expect.stringMatching(/deals\.csv.*"Fullname".*Id, Stage, Value/s) as string,
    });
  });
});

describe("a vendor's webhook", () => {
  const hub = { PUBLIC_URL: "https://hub.example.com/", SIGNS_WITH: "whsec_6a1f" };

  test("is subscribed at the vendor under the hub's own address", async () => {
    const said = await withVariables(hub, "webhook", "close-poor", "--json");
    const { address } = JSON.parse(said.stdout) as { readonly address: string };
    expect(said).toMatchObject({ code: 0, stdout: expect.stringContaining('"subscribed": true') as string });
    expect(address).toMatch(/^https:\/\/hub\.example\.com\/in\/close-poor\/[\w-]{20,}$/);
  });

  test("takes a secret by the name of its variable, and never shows it", async () => {
    const kept = await withVariables(hub, "webhook", "close-poor", "--secret", "SIGNS_WITH");
    expect(kept).toMatchObject({ code: 0, stderr: "" });
    expect(kept.stdout).not.toContain(hub.SIGNS_WITH);
    const pasted = await withVariables(hub, "webhook", "close-poor", "--secret", hub.SIGNS_WITH, "--json");
    expect(problemOf(pasted).code).toBe("webhook.secret_not_set");
    expect(pasted.stderr).not.toContain(hub.SIGNS_WITH);
  });

  test("is refused without an address to call, and for a tool that has none", async () => {
    expect(problemOf(await tributary("webhook", "close-poor", "--json")).code).toBe("webhook.no_public_url");
    expect(problemOf(await withVariables(hub, "webhook", "sheet", "--json")).code).toBe("webhook.not_offered");
  });
});

describe("the config file", () => {
  test("is told wrong by file, line and column, with what was expected and what was probably meant", async () => {
    const wrong = file("wrong.yaml", "connections:\n  - id: a\n    conector: close\n    schedule: { every: often }\n");
    const applied = await tributary("apply", wrong, "--json");
    expect(applied).toMatchObject({ code: 1, stdout: "" });
    const problem = problemOf(applied);
    expect(problem.code).toBe("config.file.invalid");
    expect(problem.detail).toContain(`${wrong}:3:5 connections[0]: unknown key "conector"; did you mean "connector"?`);
    expect(problem.detail).toMatch(new RegExp(`${wrong}:4:\\d+ connections\\[0\\]\\.schedule.*got "often"`));
  });

  test("names the variable that is not set, and the line that asks for it", async () => {
    const wrong = file(
      "unset.yaml",
      "connections:\n  - id: a\n    connector: close\n    credentials:\n      api_key: ${NOT_SET_ANYWHERE}\n",
    );
    const problem = problemOf(await tributary("apply", wrong, "--json"));
    expect(problem.code).toBe("config.file.invalid");
    expect(problem.detail).toMatch(/unset\.yaml:5:\d+ .*NOT_SET_ANYWHERE is not set/);
  });

  test("that is not there is named", async () => {
    const problem = problemOf(await tributary("apply", path.join(folder, "absent.yaml"), "--json"));
    expect(problem).toMatchObject({
      code: "config.file.missing",
      detail: expect.stringContaining("absent.yaml") as string,
      mend: expect.stringContaining("TRIBUTARY_CONFIG") as string,
    });
  });
});

describe("the command line", () => {
  test("ends with 2 and shows the usage for a command or an option that there is not", async () => {
    const [command, option] = await Promise.all([tributary("snyc", "sheet"), tributary("sync", "sheet", "--ful")]);
    expect(command.code).toBe(2);
    expect(command.stderr).toMatch(/unknown command 'snyc'.*Did you mean sync\?.*Usage:/s);
    expect(option.code).toBe(2);
    expect(option.stderr).toMatch(/unknown option '--ful'.*Did you mean --full\?.*Usage:/s);
  });

  test("names the connections that there are when it is given another: the message, the mend, the code", async () => {
    const { code, stderr, stdout } = await tributary("sync", "close-wrnog");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(
      [
        "There is no connection close-wrnog.",
        "  There are: close-poor, close-wrong, sheet, sheet-broken, sheet-column, sheet-missing.",
        "  [connection.unknown]\n",
      ].join("\n"),
    );
    expect(headings).toContain("connection.unknown");
  });
});

describe("the environment", () => {
  test("names every variable that cannot be, without its value", async () => {
    const wrong = { PORT: "eighty", DATABASE_URL: "mysql://u:hunter2@db" };
    const finished = await withVariables(wrong, "connections", "--json");
    expect(finished.code).toBe(1);
    const problem = problemOf(finished);
    expect(problem.code).toBe("config.env.invalid");
    expect(problem.detail).toMatch(/DATABASE_URL must be an address such as postgres:.*PORT must be a whole number/);
    expect(finished.stderr).not.toMatch(/hunter2|eighty/);
  });

  test("with another secret key than the credentials were sealed with, says which secret and which key", async () => {
    const other = { TRIBUTARY_SECRET_KEY: OTHER_SECRET_KEY };
    const [strange, tooShort] = await Promise.all([
      withVariables(other, "test", "close-poor", "--json"),
      withVariables({ TRIBUTARY_SECRET_KEY: "too-short" }, "connections", "--json"),
    ]);
    expect(problemOf(strange)).toMatchObject({
      code: "secrets.unknown_key",
      detail: expect.stringContaining("close-poor") as string,
      mend: expect.stringContaining("TRIBUTARY_SECRET_KEY") as string,
    });
    expect(problemOf(tooShort)).toMatchObject({
      code: "secrets.bad_key",
      mend: expect.stringContaining("openssl rand") as string,
    });
  });
});

describe("a port that is taken", () => {
  test("ends `up` with 1, naming the port and the variable that changes it", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const port = portOf(other);
    const finished = await withVariables({ PORT: String(port) }, "up", "--json");
    other.close();
    expect(finished).toMatchObject({ code: 1, stdout: "" });
    const problem = problemOf(finished);
    expect(problem.code).toBe("server.port_taken");
    expect(problem.detail).toContain(String(port));
    expect(problem.mend).toContain("PORT");
  });
});

describe("doctor", () => {
  const doctor = async (changed: Variables): Promise<{ code: number | null; checks: Map<string, Finding> }> => {
    const { code, stdout } = await withVariables(changed, "doctor", "--json");
    const { checks } = JSON.parse(stdout) as { readonly checks: readonly Finding[] };
    return { code, checks: new Map(checks.map((one) => [one.check, one])) };
  };
  type Finding = { readonly check: string; readonly state: string; readonly detail: string; readonly mend: string };
  const calm = { PORT: "0", TRIBUTARY_CONFIG: path.join(folder, "none.yaml") };

  test("finds nothing wrong with a set-up that works", async () => {
    const { code, checks } = await doctor(calm);
    expect([...checks.values()].filter(({ state }) => state === "fail")).toEqual([]);
    expect(code).toBe(0);
    expect(checks.get("secret key")?.detail).toContain("opens all 2 stored credentials");
  });

  test("names credentials that its key does not open, an address with a path, and a config file with a mistake", async () => {
    const { code, checks } = await doctor({
      ...calm,
      TRIBUTARY_SECRET_KEY: OTHER_SECRET_KEY,
      PUBLIC_URL: "https://hub.example/tributary",
      TRIBUTARY_CONFIG: file("mistake.yaml", "conections: []\n"),
    });
    expect(code).toBe(1);
    expect(checks.get("secret key")).toMatchObject({
      state: "fail",
      mend: expect.stringContaining("TRIBUTARY_OLD_SECRET_KEYS") as string,
    });
    expect(checks.get("secret key")?.detail).toMatch(/close-poor/);
    expect(checks.get("public url")).toMatchObject({
      state: "fail",
      mend: expect.stringContaining("PUBLIC_URL") as string,
    });
    expect(checks.get("config file")?.detail).toMatch(/mistake\.yaml:1:1 .*did you mean "connections"\?/);
  });

  test("names a data folder that cannot be made", async () => {
    const dataDir = path.join(file("a-file", ""), "data");
    const { code, checks } = await doctor({ ...calm, TRIBUTARY_DATA_DIR: dataDir });
    expect(code).toBe(1);
    expect(checks.get("data folder")).toMatchObject({
      state: "fail",
      detail: expect.stringContaining(dataDir) as string,
      mend: expect.stringContaining("TRIBUTARY_DATA_DIR") as string,
    });
  });
});

describe("keys and users", () => {
  test("a key is shown once, listed without itself, and ended for good", async () => {
    const created = JSON.parse(
      (await tributary("keys", "create", "reporting", "--scope", "read", "--json")).stdout,
    ) as {
      readonly id: string;
      readonly token: string;
    };
    const [listed, revoked] = await Promise.all([
      tributary("keys", "list", "--json"),
      tributary("keys", "revoke", created.id),
    ]);
    expect(listed.stdout).toContain(created.id);
    expect(listed.stdout).not.toContain(created.token);
    expect(revoked).toMatchObject({ code: 0 });
    expect(problemOf(await tributary("keys", "revoke", created.id, "--json")).code).toBe("api_key.unknown");
  });

  test("a person's password is taken from a variable, never shown, and must be long enough", async () => {
    const password = "correct horse battery";
    const named = ["--password-env", "NEW_PASSWORD", "--json"];
    const create = ["users", "create", "ada@example.com", ...named];
    const weak = problemOf(await withVariables({ NEW_PASSWORD: "short" }, ...create));
    expect(weak.code).toBe("user.weak_password");
    const created = await withVariables({ NEW_PASSWORD: password }, ...create);
    expect(JSON.parse(created.stdout)).toMatchObject({ email: "ada@example.com", role: "admin" });
    const [again, listed] = await Promise.all([
      withVariables({ NEW_PASSWORD: password }, ...create),
      tributary("users", "list", "--json"),
    ]);
    expect(problemOf(again).code).toBe("user.exists");
    expect(JSON.parse(listed.stdout)).toMatchObject([{ email: "ada@example.com", role: "admin" }]);
    expect(created.stdout + created.stderr + listed.stdout).not.toContain(password);
    expect(await tributary("users", "remove", "ada@example.com")).toMatchObject({ code: 0 });
  });
});
