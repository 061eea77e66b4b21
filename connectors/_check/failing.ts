import { inspect } from "node:util";
import type { ErrorKind } from "../../core/base/errors.ts";
import { atVendor, type Check, expectEqual, fail, pullAll, reason } from "./check.ts";
import { openClient } from "./client.ts";
import { HARNESS_FAULTS, type HarnessFault } from "./harness.ts";

/** How a pull may end that a fault has stopped. None of these is `bug`, and none needs a person where the vendor has only stumbled. */
const KINDS: { readonly [fault in HarnessFault]: readonly ErrorKind[] } = {
  rate_limited: ["rate_limited"],
  rate_limited_without_header: ["rate_limited", "transient"],
  server_error: ["transient"],
  unavailable_html: ["transient"],
  reset: ["transient"],
  drip: ["transient"],
  truncated: ["transient", "contract"],
  html: ["transient", "contract"],
};

/** Enough for each server error to come once, few enough that the checks do not wait long. */
const TIMES = 4;
/** Whoever drips is not waited for longer than this. */
const TIMEOUT_MS = 400;

export const survivesFaults: readonly Check[] = HARNESS_FAULTS.map((fault) => ({
  name: `survives ${fault.replaceAll("_", " ")}: ends ${KINDS[fault].join(" or ")}, or goes on, and ends equal to the source`,
  run: (subject) =>
    atVendor(subject, async (bench) => {
      bench.harness.fail(fault, TIMES);
      for (const stream of bench.harness.streams) await pullThrough(stream);
      await expectEqual(bench);

      async function pullThrough(stream: string): Promise<void> {
        for (let tries = 0; tries <= TIMES; tries += 1) {
          const report = await bench.connection.pull(stream, fault === "drip" ? { timeoutMs: TIMEOUT_MS } : {});
          if (report.state === "succeeded") return;
          const kind = report.error?.kind ?? "bug";
          if (!KINDS[fault].includes(kind)) fail(`${stream} ended in the wrong kind of error: ${reason(report)}`);
          await untilRetry(report.error?.retryAt ?? null);
        }
        fail(`${stream} did not get through after ${TIMES} faults.`);
      }
    }),
}));

/** A vendor of the checks asks for a second, not for a day. */
async function untilRetry(retryAt: Date | null): Promise<void> {
  const waitMs = Math.min(5000, (retryAt?.getTime() ?? 0) - Date.now());
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
}

export const namesRevokedKey: Check = {
  name: "says auth when the credentials are refused, in a pull and in the set-up's check",
  run: (subject) =>
    atVendor(subject, async ({ harness, connection }) => {
      if (Object.keys(harness.credentials).length === 0) return; // Nothing to refuse.
      harness.revoke();
      const stream = harness.streams[0] ?? "";
      const report = await connection.pull(stream);
      if (report.error?.kind !== "auth")
        fail(`A pull with refused credentials ended ${report.state}: ${reason(report)}`);
      const { client, settings } = openClient(subject, harness);
      const refused = await subject.connector.check(client, settings).then(
        () => null,
        (error: unknown) => error,
      );
      if (!(refused instanceof Error)) fail("The set-up's check passed with refused credentials.");
      if (!("kind" in refused) || refused.kind !== "auth")
        fail(`The set-up's check threw another error: ${refused.message}`);
    }),
};

export const namesMissingRight: Check = {
  // `config` stops the stream, `auth` the connection: which of them, the vendor's answer decides.
  name: "says auth or config when a right is taken away midway, names it in the set-up's check, and goes on once it is back",
  run: (subject) =>
    atVendor(subject, async (bench) => {
      const { harness, connection } = bench;
      const stream = harness.streams.find((name) => harness.permit(name, true));
      if (stream === undefined) return; // This vendor has no such rights.
      await connection.pull(stream, { dieAfterPages: 1 });
      const landed = (await connection.records(stream)).size;
      harness.permit(stream, false);
      const report = await connection.pull(stream);
      if (report.error?.kind !== "auth" && report.error?.kind !== "config")
        fail(`A pull of ${stream} without the right to it ended ${report.state}: ${reason(report)}`);
      if ((await connection.records(stream)).size < landed) fail(`${stream} has lost what had landed.`);
      const { client, settings } = openClient(subject, harness);
      const named = await subject.connector.check(client, settings).then(
        (result) => result.missingPermissions.length > 0,
        (error: unknown) => error instanceof Error && "kind" in error && error.kind === "auth",
      );
      if (!named) fail(`The set-up's check does not say that the right to ${stream} is missing.`);
      harness.permit(stream, true);
      await pullAll(bench);
      await expectEqual(bench);
    }),
};

export const namesAccount: Check = {
  name: "names the account in the set-up's check",
  run: (subject) =>
    atVendor(subject, async ({ harness }) => {
      const { client, settings } = openClient(subject, harness);
      const result = await subject.connector.check(client, settings);
      if (result.accountId === "" || result.accountName === "") fail("The account has no id or no name.");
    }),
};

export const passesUnknownFields: Check = {
  name: "passes fields that it does not know",
  run: (subject) =>
    atVendor(subject, async (bench) => {
      for (const stream of bench.harness.streams) bench.harness.spoil(stream, "unknown");
      await pullAll(bench);
      await expectEqual(bench);
    }),
};

export const keepsMistyped: Check = {
  name: "keeps a record with a field of another type, and says so",
  run: (subject) =>
    atVendor(subject, async ({ harness, connection }) => {
      for (const stream of harness.streams) {
        const id = harness.spoil(stream, "mistyped");
        if (id === null) continue;
        let isSaid = false;
        // It may come with another stream's pages.
        for (const pulled of harness.streams) {
          const report = await connection.pull(pulled);
          isSaid ||= report.skipped > 0 || report.error?.kind === "contract";
        }
        if (!(await connection.records(stream)).has(id))
          fail(`${stream}: ${id} has a field of another type and was not kept.`);
        if (!isSaid) fail(`${stream}: ${id} has a field of another type and nobody was told.`);
      }
    }),
};

export const hidesSecrets: Check = {
  name: "writes no secret into a log, an error or a record",
  run: (subject) =>
    atVendor(subject, async (bench) => {
      const { harness, connection } = bench;
      await pullAll(bench);
      harness.fail("server_error", 1);
      await connection.pull(harness.streams[0] ?? "");
      harness.revoke();
      const report = await connection.pull(harness.streams[0] ?? "");
      const records = await Promise.all(harness.streams.map((stream) => connection.records(stream)));
      const texts = {
        "what the hub has written down": await connection.written(),
        "an error": inspect(report.error, { depth: 6 }),
        "a record": JSON.stringify(records.map((each) => [...each.values()])),
      };
      for (const [where, text] of Object.entries(texts)) {
        if (harness.secrets.some((secret) => text.includes(secret))) fail(`A secret stands in ${where}.`);
      }
    }),
};
