import { spawnSync } from "node:child_process";
import fs from "node:fs";

/** Whom PostgreSQL runs as; empty for "as ourselves". Spreads into the options of `spawn`. */
export type ServerUser = { readonly uid?: number; readonly gid?: number };

/**
 * PostgreSQL refuses to run as root, so root hands it to the owner of a cluster that is there already, else to the
 * system's user `postgres`, else to `nobody`. Anyone else runs it themselves.
 *
 * @param cluster the cluster's folder; need not exist yet.
 */
export function serverUser(cluster: string): ServerUser {
  if (process.getuid?.() !== 0) return {};
  const owner = fs.statSync(cluster, { throwIfNoEntry: false });
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return passwdEntry("postgres") ?? passwdEntry("_postgres") ?? passwdEntry("nobody") ?? { uid: 65534, gid: 65534 };
}

function passwdEntry(name: string): Required<ServerUser> | null {
  const lines = fs.existsSync("/etc/passwd") ? fs.readFileSync("/etc/passwd", "utf8").split("\n") : [];
  const fields = lines.map((line) => line.split(":")).find((field) => field[0] === name);
  const uid = Number(fields?.[2]);
  const gid = Number(fields?.[3]);
  // macOS writes nobody as -2.
  return Number.isInteger(uid) && Number.isInteger(gid) ? { uid: uid >>> 0, gid: gid >>> 0 } : null;
}

/** Whether the user can enter the folder. Asked of the system itself, because modes do not tell about ACLs and mounts. */
export function canEnter(folder: string, user: ServerUser): boolean {
  if (user.uid === undefined) return true;
  return spawnSync("/bin/sh", ["-c", 'cd -- "$1"', "sh", folder], { ...user, cwd: "/", stdio: "ignore" }).status === 0;
}
