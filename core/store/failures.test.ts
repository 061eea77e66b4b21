import { expect, test } from "vitest";
import { databaseFailure, isDiskFull, recognise } from "./failures.ts";

/** As node-postgres and Node throw them: an error with a code, perhaps behind others. */
function coded(code: string, message: string, path?: string): Error {
  return Object.assign(new Error(message), { code, ...(path === undefined ? {} : { path }) });
}

test("a full disk of the database (SQLSTATE 53100) names the database, says what to do, and is not tried again blindly", () => {
  const said = coded("53100", 'could not extend file "base/16384/16610": No space left on device');
  const failure = databaseFailure(new Error("landing failed", { cause: said }), "/srv/tributary");
  expect(failure).toMatchObject({
    code: "store.disk_full",
    kind: "config",
    message: "The disk that holds the database (/srv/tributary) is full.",
    mend: expect.stringMatching(/Free some space.*tributary doctor/) as string,
  });
});

test("a full disk under a file of our own (ENOSPC) names the file; where the system names none, the folders it may be in", () => {
  const named = coded("ENOSPC", "ENOSPC: no space left on device, open", "/srv/tributary/secret-key.12");
  expect(recognise(named).message).toBe("The disk that holds /srv/tributary/secret-key.12 is full.");
  const nameless = recognise(coded("ENOSPC", "ENOSPC: no space left on device, write"));
  expect(nameless).toMatchObject({ code: "store.disk_full" });
  expect(nameless.message).toMatch(/data folder \(TRIBUTARY_DATA_DIR\) or temporary files \(\/.+\)/);
});

test("a full disk counts as such among several addresses that were tried", () => {
  const tried = new AggregateError([coded("ECONNREFUSED", "refused"), coded("53100", "full")]);
  expect(isDiskFull(tried)).toBe(true);
});

test("a database that does not answer is named by its place", () => {
  const failure = databaseFailure(coded("ECONNREFUSED", "connect ECONNREFUSED 10.0.0.7:5432"), "db.example:5432");
  expect(failure).toMatchObject({
    code: "store.unreachable",
    kind: "transient",
    message: "The database (db.example:5432) does not answer.",
  });
});

test("what the database does not say of itself stays unexplained", () => {
  expect(databaseFailure(coded("23505", "duplicate key value"), null)).toBeNull();
});

test("a line that fails outside the database is told by its address, and never blamed on the database", () => {
  const refused = Object.assign(new Error("connect ECONNREFUSED 10.0.0.9:443"), {
    code: "ECONNREFUSED",
    address: "10.0.0.9",
    port: 443,
  });
  expect(recognise(new Error("no sheet", { cause: refused }))).toMatchObject({
    code: "network.unreachable",
    kind: "transient",
    message: "10.0.0.9:443 does not answer (ECONNREFUSED).",
  });
});

test("a folder that the user may not use is named, with what to do about it, and is no bug of ours", () => {
  const denied = Object.assign(new Error("EACCES: permission denied, mkdir '/srv/hub'"), {
    code: "EACCES",
    path: "/srv/hub",
  });
  expect(recognise(denied)).toMatchObject({
    code: "files.not_permitted",
    kind: "config",
    message: "/srv/hub cannot be used: the user that runs Tributary is not allowed to (EACCES).",
  });
});

test("time that ran out may not run out the next time: no bug of ours", async () => {
  const signal = AbortSignal.timeout(1);
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  const interrupted = new Error("The operation was aborted", { cause: signal.reason });
  for (const error of [signal.reason, interrupted])
    expect(recognise(error)).toMatchObject({ code: "network.timed_out", kind: "transient" });
});

test.each([
  ["53200", "store.unreachable"],
  ["57P03", "store.unreachable"],
  ["25006", "store.unreachable"],
  ["28P01", "store.refused"],
  ["3D000", "store.refused"],
  ["22021", "store.value_refused"],
  ["22008", "store.value_refused"],
  ["54000", "store.value_refused"],
])("SQLSTATE %s of the database is %s, and no bug of ours", (state, code) => {
  expect(databaseFailure(coded(state, "said"), null)?.code).toBe(code);
});

test("a division by zero in one of our statements stays a bug of ours", () => {
  expect(databaseFailure(coded("22012", "division by zero"), null)).toBeNull();
});
