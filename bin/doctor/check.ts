import { recognise } from "../../core/store/failures.ts";

/** One line of the doctor's answer. `mend` is empty when nothing is wrong. */
export type Finding = {
  readonly check: string;
  readonly state: "ok" | "warn" | "fail";
  readonly detail: string;
  readonly mend: string;
};

export type Verdict = Omit<Finding, "check">;

export const ok = (detail: string): Verdict => ({ state: "ok", detail, mend: "" });
export const warn = (detail: string, mend: string): Verdict => ({ state: "warn", detail, mend });
export const fail = (detail: string, mend: string): Verdict => ({ state: "fail", detail, mend });

/** Runs one check. What it throws is its finding, so that one that breaks hides no other. */
export async function examine(check: string, look: () => Verdict | Promise<Verdict>): Promise<Finding> {
  try {
    return { check, ...(await look()) };
  } catch (error) {
    const { code, message, mend } = recognise(error);
    return { check, ...fail(`${message} [${code}]`, mend) };
  }
}
