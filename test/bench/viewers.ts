import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import express from "express";
import { createCompany } from "../../connectors/_simulator/company/company.ts";
import { createKey } from "../../core/setup/keys.ts";
import { createChanges } from "../support/changes.ts";
import { type LiveHub, startLiveHub } from "../support/live-hub.ts";
import { COMMAND } from "../support/spawn.ts";
import { switchOnTv } from "../support/tv.ts";
import { until } from "../support/until.ts";
import { portOf } from "../../core/base/network.ts";

/** How many can look at a hub: TVs that connect at once, a feed that is polled, and what a hub costs that nobody looks at. */
export type ViewersResult = {
  /** From when all connect until the last has its numbers; and from a change at the vendor until the last shows it. */
  readonly tvs: { readonly count: number; readonly firstS: number; readonly changeS: number };
  /** Answers a second, by turns with those of an Express that sends the same bytes; ratios are the medians of the turns'. */
  readonly feed: { readonly perS: number; readonly expressPerS: number; readonly ratio: number };
  readonly notModified: { readonly perS: number; readonly ratio: number };
  /** Of a core, hub and database together, while nothing changes. Null where the system does not tell. */
  readonly idle: { readonly overS: number; readonly hub: number; readonly database: number } | null;
};

const TVS = 50;
const TURNS = 5;
const TURN_MS = 1_000;
const SOCKETS = 8;
const IDLE_MS = 60_000;
const PATIENCE_MS = 60_000;
const DAY_MS = 86_400_000;

export async function benchViewers(): Promise<ViewersResult> {
  const company = createCompany({ seed: 11, now: new Date(Date.now() - 40 * DAY_MS), months: 14, scale: 0.03 });
  const hub = await startLiveHub({ close: company }, { REDIS_URL: "" });
  try {
    await until(() => hub.tv.boards.length > 0, PATIENCE_MS);
    const idle = await timeIdle(hub.pids);
    const feed = await timeFeed(hub);
    return { tvs: await timeTvs(hub, createChanges(company)), ...feed, idle };
  } finally {
    await hub.stop();
  }
}

async function timeTvs(hub: LiveHub, changes: ReturnType<typeof createChanges>): Promise<ViewersResult["tvs"]> {
  const { token } = await createKey(hub.store.db, "bench", { name: "TVs", scopes: ["tv:*"] });
  const startMs = performance.now();
  const tvs = await Promise.all(
    Array.from({ length: TVS }, () => switchOnTv(`${hub.url}/tv/sales-floor?key=${token}`)),
  );
  try {
    await until(() => tvs.every((tv) => tv.boards.length > 0), PATIENCE_MS);
    const firstS = (Math.max(...tvs.map((tv) => tv.boards[0]?.atMs ?? NaN)) - startMs) / 1000;
    const activities = (tv: (typeof tvs)[number]): number => Number(tv.latest()["Activities today"]);
    const before = activities(hub.tv);
    const changedMs = performance.now();
    hub.vendors.close?.change?.(changes.call());
    await until(() => tvs.every((tv) => activities(tv) > before), PATIENCE_MS);
    const shown = tvs.map(
      ({ boards }) => boards.find(({ numbers }) => Number(numbers["Activities today"]) > before)?.atMs ?? NaN,
    );
    return { count: TVS, firstS, changeS: (Math.max(...shown) - changedMs) / 1000 };
  } finally {
    await Promise.all(tvs.map((tv) => tv.switchOff()));
  }
}

async function timeFeed(hub: LiveHub): Promise<Pick<ViewersResult, "feed" | "notModified">> {
  const { token } = await createKey(hub.store.db, "bench", { name: "feed", scopes: ["feed:*"] });
  const path = `/feeds/won-value?key=${token}`;
  const first = await fetch(hub.url + path);
  const [body, etag] = [await first.text(), first.headers.get("etag") ?? ""];
  const bare = spawn(process.execPath, [COMMAND, "bench", "express", body], { stdio: ["pipe", "pipe", "inherit"] });
  try {
    const bareUrl = await addressOf(bare);
    const [ours, theirs, same]: [number[], number[], number[]] = [[], [], []];
    for (let turn = 0; turn <= TURNS; turn += 1) {
      const rates = [
        await answersPerS(hub.url, path, {}),
        await answersPerS(bareUrl, "/", {}),
        await answersPerS(hub.url, path, { "If-None-Match": etag }),
      ];
      // The first warms all of them up.
      if (turn > 0) [ours, theirs, same].forEach((list, index) => list.push(rates[index] ?? NaN));
    }
    const ratio = (list: readonly number[]): number => median(list.map((rate, turn) => rate / (theirs[turn] ?? NaN)));
    return {
      feed: { perS: median(ours), expressPerS: median(theirs), ratio: ratio(ours) },
      notModified: { perS: median(same), ratio: ratio(same) },
    };
  } finally {
    bare.stdin?.end();
  }
}

/** An Express that sends these bytes to everybody. Runs until stdin is closed; the first line on stdout is the address. */
export async function serveExpress(body: string): Promise<void> {
  const app = express();
  app.get("/", (_request, response) => void response.type("json").send(body));
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  process.stdout.write(`http://127.0.0.1:${portOf(server)}\n`);
  process.stdin.resume();
  await once(process.stdin, "end");
  server.close();
  server.closeAllConnections();
}

async function addressOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("the server has no stdout");
  const [chunk] = (await once(child.stdout, "data")) as [Buffer];
  return chunk.toString().trim();
}

/** Over some sockets, each with one request at a time. Reads no more of an answer than its length: the asking must cost less than the answering. */
async function answersPerS(url: string, path: string, headers: { readonly [name: string]: string }): Promise<number> {
  const { hostname, port } = new URL(url);
  const lines = Object.entries({ Host: `${hostname}:${port}`, ...headers }).map(([name, value]) => `${name}: ${value}`);
  const request = `GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
  const startMs = performance.now();
  const counts = await Promise.all(
    Array.from({ length: SOCKETS }, () => ask(Number(port), hostname, request, startMs + TURN_MS)),
  );
  return counts.reduce((sum, count) => sum + count, 0) / ((performance.now() - startMs) / 1000);
}

function ask(port: number, host: string, request: string, untilMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let answers = 0;
    let held = "";
    const socket = net.connect({ port, host }, () => socket.write(request));
    socket.setEncoding("latin1");
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      held += String(chunk);
      const end = held.indexOf("\r\n\r\n");
      if (end < 0) return;
      if (!/^HTTP\/1\.1 (200|304)/.test(held)) {
        socket.destroy(new Error(`answered with ${held.slice(0, 40)}`));
        return;
      }
      const isEmpty = held.startsWith("HTTP/1.1 304");
      const length = isEmpty ? 0 : Number(/\r\ncontent-length: (\d+)/i.exec(held)?.[1]);
      if (held.length < end + 4 + length) return;
      held = "";
      answers += 1;
      if (performance.now() < untilMs) socket.write(request);
      else {
        socket.destroy();
        resolve(answers);
      }
    });
  });
}

/** Nothing changes, one TV looks. */
async function timeIdle({ hub, database }: LiveHub["pids"]): Promise<ViewersResult["idle"]> {
  if (database === null || !existsSync(`/proc/${hub}/stat`)) return null;
  // What the start set in motion comes to rest.
  await sleep(IDLE_MS / 4);
  const before = [cpuS(hub), cpuWithChildrenS(database)] as const;
  const startMs = performance.now();
  await sleep(IDLE_MS);
  const overS = (performance.now() - startMs) / 1000;
  return {
    overS,
    hub: (cpuS(hub) - before[0]) / overS,
    database: (cpuWithChildrenS(database) - before[1]) / overS,
  };
}

/** Linux counts in hundredths of a second, whatever its clock. */
const TICKS_PER_S = 100;

type Times = { readonly parent: number; readonly own: number; readonly ended: number };

function timesOf(pid: number | string): Times | null {
  try {
    const fields = (readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1] ?? "").split(" ");
    const at = (index: number): number => Number(fields[index]);
    return { parent: at(1), own: (at(11) + at(12)) / TICKS_PER_S, ended: (at(13) + at(14)) / TICKS_PER_S };
  } catch {
    // It has ended meanwhile.
    return null;
  }
}

function cpuS(pid: number): number {
  return timesOf(pid)?.own ?? 0;
}

/** Of a server, of the processes it has, and of those that have ended. */
function cpuWithChildrenS(pid: number): number {
  const server = timesOf(pid);
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => timesOf(name) ?? [])
    .filter(({ parent }) => parent === pid);
  return (server?.own ?? 0) + (server?.ended ?? 0) + children.reduce((sum, { own }) => sum + own, 0);
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN;
}
