import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import axios, { type AxiosResponse } from "axios";
import type { Readable } from "node:stream";
import { TributaryError } from "../../core/base/errors.ts";
import { guardedAgents, isRefusedAddress } from "../../core/connector/guard.ts";
import { whyUnreached } from "../../core/connector/unreached.ts";
import { fileError } from "./errors.ts";

/** A spreadsheet that people keep by hand is far below this; more is a wrong address. */
const MAX_BYTES = 512 * 1024 * 1024;
const MAX_REDIRECTS = 5;
/** Until the answer begins. A server beside which much else runs takes its time. */
const ANSWER_TIMEOUT_MS = 60_000;
const TRANSFER_TIMEOUT_MS = 10 * 60_000;

export type DownloadOptions = {
  readonly url: string;
  /** Validators of the last download; the server may then answer that nothing changed. */
  readonly ifChangedFrom: { readonly etag: string | null; readonly lastModified: string | null } | null;
  /** Where the content goes. */
  readonly to: string;
  readonly allowPrivateNetworks: boolean;
  readonly signal: AbortSignal;
  /** The whole transfer may take so long; absent: ten minutes. */
  readonly transferTimeoutMs?: number;
};

export type Downloaded = {
  readonly size: number;
  readonly hash: string;
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly contentType: string;
};

/**
 * Fetches an address into a file, following up to five redirects, each held against the same rules: http or https, and no private
 * network unless allowed (checked on the address that the name resolves to, as it connects).
 *
 * @returns null when the server says that the content has not changed.
 * @throws TributaryError `config` for an address that is refused, blocked or too large; `transient` when it may work next time.
 */
export async function download(options: DownloadOptions): Promise<Downloaded | null> {
  let url = new URL(options.url);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const response = await request(url, options);
    const location: unknown = response.headers["location"];
    if (response.status >= 300 && response.status < 400 && response.status !== 304 && typeof location === "string") {
      response.data.destroy();
      url = new URL(location, url);
      continue;
    }
    if (response.status === 304) {
      response.data.destroy();
      return null;
    }
    if (response.status !== 200) {
      response.data.destroy();
      throw refused(url, response.status, retryAfter(response));
    }
    return save(url, response, options);
  }
  throw fileError({
    code: "csv.address.refused",
    message: `${shown(url)} redirects more than ${MAX_REDIRECTS} times.`,
    mend: "Use the address that the file is finally served from.",
  });
}

async function request(url: URL, options: DownloadOptions): Promise<AxiosResponse<Readable>> {
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw fileError({
      code: "csv.address.blocked",
      message: `The address begins with ${url.protocol}, and only https: and http: are fetched.`,
      mend: "Use an https address; of a file on this machine name the path alone: /srv/exports/deals.csv.",
    });
  const { etag = null, lastModified = null } = options.ifChangedFrom ?? {};
  try {
    return await axios.get<Readable>(url.href, {
      responseType: "stream",
      maxRedirects: 0,
      proxy: false,
      timeout: ANSWER_TIMEOUT_MS,
      signal: AbortSignal.any([options.signal, AbortSignal.timeout(options.transferTimeoutMs ?? TRANSFER_TIMEOUT_MS)]),
      validateStatus: () => true,
      headers: {
        Accept:
          "text/csv, text/tab-separated-values, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet, */*;q=0.5",
        ...(etag === null ? {} : { "If-None-Match": etag }),
        ...(lastModified === null ? {} : { "If-Modified-Since": lastModified }),
      },
      ...guardedAgents(options.allowPrivateNetworks, {}),
    });
  } catch (error) {
    throw unreachable(url, error);
  }
}

async function save(url: URL, response: AxiosResponse<Readable>, options: DownloadOptions): Promise<Downloaded> {
  const hash = createHash("sha256");
  let size = 0;
  const meter = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      size += chunk.length;
      hash.update(chunk);
      done(size > MAX_BYTES ? tooLarge(url) : null, chunk);
    },
  });
  try {
    await pipeline(response.data, meter, createWriteStream(options.to, { mode: 0o600 }), { signal: options.signal });
  } catch (error) {
    if (error instanceof TributaryError) throw error;
    throw unreachable(url, error);
  }
  const header = (name: string): string | null => {
    const value: unknown = response.headers[name];
    return typeof value === "string" ? value : null;
  };
  return {
    size,
    hash: hash.digest("hex"),
    etag: header("etag"),
    lastModified: header("last-modified"),
    contentType: header("content-type") ?? "",
  };
}

function tooLarge(url: URL): TributaryError {
  return fileError({
    code: "csv.file.too_large",
    message: `${shown(url)} is larger than ${MAX_BYTES / 1024 / 1024} MB.`,
    mend: "Check that the address leads to the sheet; split a sheet that large into files of a folder.",
  });
}

/** When the server wants to be asked again (RFC 9110, section 10.2.3: seconds or a date); null when it does not say. */
function retryAfter(response: AxiosResponse): Date | null {
  const text: unknown = response.headers["retry-after"];
  if (typeof text !== "string") return null;
  const at = /^\d+(\.\d+)?$/.test(text) ? Date.now() + Number(text) * 1000 : Date.parse(text);
  return Number.isNaN(at) ? null : new Date(at);
}

function refused(url: URL, status: number, retryAt: Date | null): TributaryError {
  if (status === 429 && retryAt !== null)
    return new TributaryError({
      code: "csv.address.rate_limited",
      kind: "rate_limited",
      message: `${shown(url)} asks to be left alone for a while.`,
      mend: "Nothing to do: it goes on by itself. If it happens often, pull less often (schedule).",
      retryAt,
    });
  if (status === 429 || status >= 500)
    return new TributaryError({
      code: "csv.address.unavailable",
      kind: "transient",
      message: `${shown(url)} answered with status ${status}.`,
      mend: "Nothing to do unless it lasts: the next try comes by itself.",
    });
  return fileError({
    code: "csv.address.refused",
    message: `${shown(url)} answered with status ${status}.`,
    mend:
      status === 401 || status === 403
        ? "Publish the sheet to the web, or share it so that anyone with the link can read it, and use that link."
        : "Open the address in a private browser window; correct `from` until it shows the file.",
  });
}

function unreachable(url: URL, error: unknown): TributaryError {
  if (isRefusedAddress(error))
    return fileError({
      code: "csv.address.blocked",
      message: `${shown(url)} leads into a private network.`,
      mend: "Use a public address, or start Tributary with TRIBUTARY_ALLOW_PRIVATE_NETWORKS=true.",
      cause: error,
    });
  return new TributaryError({
    code: "csv.address.unavailable",
    kind: "transient",
    message: `${shown(url)} cannot be reached: ${whyUnreached(error)}.`,
    mend: "Check the address and this machine's way to the internet; the next try comes by itself.",
    cause: error,
  });
}

/** Without the query: a sheet's link may carry a key there. */
export function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}
