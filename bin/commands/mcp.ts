import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { isInitializeRequest, isJSONRPCRequest, type RequestId } from "@modelcontextprotocol/sdk/types.js";
import type { Command } from "commander";
import { z } from "zod";
import { TributaryError } from "../../core/base/errors.ts";
import type { Env } from "../../config/env.ts";
import type { CliContext } from "../context.ts";

/**
 * `tributary mcp`: what a running hub has at `/mcp`, over stdin and stdout, for assistants that start their servers themselves. Nothing is
 * answered here: each message goes to the hub with the key, so what may be asked is what the key may ask.
 */
export function registerMcp(command: Command, context: CliContext): void {
  command
    .option("--hub <url>", "the hub to ask; else PUBLIC_URL, else the one on this machine")
    .option("--key-env <name>", "the environment variable that holds an API key of the scope read", "TRIBUTARY_API_KEY")
    .action(async (options: { readonly hub?: string; readonly keyEnv: string }) => {
      const hub = hubUrl(options.hub, context.env);
      const key = context.env.variable(options.keyEnv);
      if (key === undefined || key === "") throw keyMissing(options.keyEnv);
      await assertMayRead(hub, key);
      const toHub = new StreamableHTTPClientTransport(new URL(`${hub}/mcp`), {
        requestInit: { headers: { Authorization: `Bearer ${key}` } },
      });
      await bridge(new StdioServerTransport(), toHub, context.signal);
    });
}

/** Hands on what either side says, until the assistant has gone or the command is interrupted. */
async function bridge(assistant: Transport, hub: Transport, signal: AbortSignal): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    process.stdin.once("end", resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  let opening: RequestId | null = null;
  const waiting = new Set<Promise<void>>();
  assistant.onmessage = (message) => {
    if (isInitializeRequest(message) && isJSONRPCRequest(message)) opening = message.id;
    const sent = hub.send(message).catch(async (error: unknown) => {
      // Who only told something waits for no answer.
      if (isJSONRPCRequest(message)) await assistant.send(failed(message.id, error));
    });
    waiting.add(sent);
    void sent.finally(() => waiting.delete(sent));
  };
  hub.onmessage = (message) => {
    if ("result" in message && message.id === opening) agree(hub, message.result);
    void assistant.send(message);
  };
  await hub.start();
  await assistant.start();
  await ended;
  await Promise.all(waiting);
  await Promise.all([assistant.close(), hub.close()]);
}

/** The version that both agreed on goes with every further request. */
function agree(hub: Transport, result: unknown): void {
  const agreed = z.object({ protocolVersion: z.string() }).safeParse(result);
  if (agreed.success) hub.setProtocolVersion?.(agreed.data.protocolVersion);
}

/** JSON-RPC 2.0, section 5.1: an error of the server's own. */
const HUB_FAILED = -32_000;

type Failure = Parameters<Transport["send"]>[0];

function failed(id: RequestId, error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  return { jsonrpc: "2.0", id, error: { code: HUB_FAILED, message: `The hub did not answer: ${message}` } };
}

function hubUrl(asked: string | undefined, env: Env): string {
  const local = ["0.0.0.0", "::", ""].includes(env.host) ? "127.0.0.1" : env.host;
  const url = asked ?? env.publicUrl ?? `http://${local.includes(":") ? `[${local}]` : local}:${env.port}`;
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new TributaryError({
      code: "mcp.bad_hub",
      kind: "config",
      message: "`--hub` is no address of a hub.",
      mend: "Write it with its scheme, such as https://hub.example.com.",
    });
  }
  return url.replace(/\/+$/, "");
}

/** Said at once on stderr: an assistant shows little of what goes wrong later. */
async function assertMayRead(hub: string, key: string): Promise<void> {
  let response: Response;
  try {
    response = await fetch(`${hub}/api/v1/me`, {
      headers: { Authorization: `Bearer ${key}` },
      redirect: "manual",
      signal: AbortSignal.timeout(30_000),
    });
    await response.arrayBuffer();
  } catch (error) {
    throw unreachable(hub, error);
  }
  if (response.status === 401 || response.status === 403) {
    throw new TributaryError({
      code: "mcp.key_refused",
      kind: "auth",
      message: "The hub does not let this key read.",
      mend: "Make one with `tributary keys create Assistant --scope read`.",
    });
  }
  if (!response.ok) throw unreachable(hub, new Error(`it answers ${response.status}`));
}

function unreachable(hub: string, cause: unknown): TributaryError {
  return new TributaryError({
    code: "mcp.hub_unreachable",
    kind: "transient",
    message: `There is no hub at ${hub}.`,
    mend: "Start it with `tributary up`, or name another with --hub.",
    cause,
  });
}

function keyMissing(name: string): TributaryError {
  return new TributaryError({
    code: "mcp.key_missing",
    kind: "config",
    message: `The environment variable ${name} holds no API key.`,
    mend: "Make one with `tributary keys create Assistant --scope read`, and set the variable where the assistant starts this command.",
  });
}
