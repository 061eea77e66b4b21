import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Marked, type Tokens } from "marked";
import type { Principal } from "../auth/principal.ts";
import { page } from "../console/layout.ts";
import { escapeHtml, html, trusted } from "../web/html.ts";

/**
 * The project's own pages, as the hub serves them: what an error's `type` leads to, the KPIs, each connector's page. Written in Markdown for
 * whoever reads the sources, and the same text for whoever runs them.
 */
export type HandbookPage = {
  /** `/docs/errors` */
  readonly address: string;
  /** `docs/errors.md` */
  readonly file: string;
};

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Every page there is. Read once, when the server is made. */
export function handbookPages(): HandbookPage[] {
  const inFolder = (folder: string): HandbookPage[] =>
    readdirSync(path.join(ROOT, folder))
      .filter((name) => name.endsWith(".md"))
      .map((name) => ({ address: `/${folder}/${name.replace(/\.md$/, "")}`, file: `${folder}/${name}` }));
  const connectors = readdirSync(path.join(ROOT, "connectors"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("_"))
    .map(({ name }) => ({ address: `/docs/connectors/${name}`, file: `connectors/${name}/README.md` }));
  return [
    { address: "/docs/readme", file: "README.md" },
    ...inFolder("docs"),
    ...inFolder("docs/decisions"),
    ...connectors,
  ];
}

/** @param vendors what `<vendor>` stands for in the code of an error. */
export function renderHandbookPage(
  of: HandbookPage,
  all: readonly HandbookPage[],
  vendors: readonly string[],
  principal: Principal,
): string {
  const text = readFileSync(path.join(ROOT, of.file), "utf8");
  const title = /^# (.+)$/m.exec(text)?.[1] ?? of.file;
  const others = all.filter(({ file }) => /^(README\.md|docs\/[^/]+\.md)$/.test(file));
  return page({
    title,
    principal,
    content: html`<p class="soft">
        <a href="/docs">API</a>
        ${others.map(({ address, file }) => html` · <a href="${address}">${path.basename(file, ".md")}</a>`)}
      </p>
      <article class="handbook">${trusted(markdown(text, of, all, vendors))}</article>`,
  });
}

function markdown(text: string, of: HandbookPage, all: readonly HandbookPage[], vendors: readonly string[]): string {
  const taken = new Set<string>();
  const anchor = (name: string): string => {
    if (taken.has(name)) return "";
    taken.add(name);
    return `<a id="${escapeHtml(name)}"></a>`;
  };
  const marked = new Marked({
    gfm: true,
    renderer: {
      heading({ tokens, depth, text: raw }: Tokens.Heading) {
        const names = anchorsOf(raw, vendors).map(anchor).join("");
        return `<h${depth}>${names}${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }: Tokens.Link) {
        const inside = this.parser.parseInline(tokens);
        const address = addressOf(href, of, all);
        return address === null ? inside : `<a href="${escapeHtml(address)}">${inside}</a>`;
      },
      // Ours have none; what looks like it (`<key>` outside of code) is text.
      html: ({ text: raw }: Tokens.HTML | Tokens.Tag) => escapeHtml(raw),
    },
  });
  return marked
    .parse(text, { async: false })
    .replaceAll("<table>", '<div class="scroll" tabindex="0"><table>')
    .replaceAll("</table>", "</table></div>");
}

/** What a heading can be reached by: a code by itself, once for each vendor where it has a place for one; words as GitHub makes of them. */
function anchorsOf(heading: string, vendors: readonly string[]): readonly string[] {
  const code = /^`([^`]+)`$/.exec(heading)?.[1];
  if (code === undefined)
    return [
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} -]/gu, "")
        .replaceAll(" ", "-"),
    ];
  return code.includes("<vendor>") ? vendors.map((vendor) => code.replace("<vendor>", vendor)) : [code];
}

/** Where a link of a page leads at this server; null for a file of the sources that it does not serve. */
function addressOf(href: string, of: HandbookPage, all: readonly HandbookPage[]): string | null {
  if (/^(https?:|mailto:|#)/.test(href)) return href;
  const [file = "", fragment] = href.split("#");
  const target = path.posix.join(path.posix.dirname(of.file), file);
  const found = all.find((one) => one.file === target || one.file === `${target.replace(/\/$/, "")}/README.md`);
  return found === undefined ? null : found.address + (fragment === undefined ? "" : `#${fragment}`);
}
