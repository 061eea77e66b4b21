import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const FOLDERS = ["bin", "config", "core", "dashboards", "workers"];
const SOURCES = execFileSync("git", ["ls-files", ...FOLDERS.map((folder) => `${folder}/*.ts`)], { encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "" && !file.endsWith(".test.ts"))
  .map((file) => ({ file, text: readFileSync(file, "utf8") }));

const users = (pattern: RegExp, except: RegExp): string[] =>
  SOURCES.filter(({ file, text }) => !except.test(file) && pattern.test(text)).map(({ file }) => file);

it("only the verbs write the audit log, and only together with what they note", () => {
  expect(SOURCES.length).toBeGreaterThan(300);
  expect(users(/\bwriteAudit\b|insertInto\("audit_log"\)/, /^core\/store\//)).toEqual(["core/setup/verb.ts"]);
});

it("accounts, keys, users, uploads and sections are written by the verbs alone", () => {
  const writers =
    /\b(insertConnection|updateConnection|setConnectionState|createApiKey|revokeApiKey|createUser|setPasswordHash|putUpload|deleteUpload|writeSettings|updateWorkspace|replaceExchangeRates|rotateSecrets)\(/;
  // The acceptance checks of a connector set up accounts of their own in a database for that.
  expect(users(writers, /^core\/(setup|store)\/|^core\/secrets\/rotate\.ts$|^bin\/connector\/engine\.ts$/)).toEqual([]);
});
