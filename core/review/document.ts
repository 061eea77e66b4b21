/** A text with headings, tables and lists, written as Markdown or as a page of HTML. Whatever stands in it is shown as it is, and never obeyed. */

export type Span = { readonly text: string; readonly href: string | null };
export type Cell = readonly Span[];
export type Block =
  | { readonly kind: "heading"; readonly level: 1 | 2 | 3; readonly text: string }
  | { readonly kind: "paragraph"; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly Cell[] }
  | { readonly kind: "table"; readonly columns: readonly string[]; readonly rows: readonly (readonly Cell[])[] };

export function text(said: string): Cell {
  return [{ text: said, href: null }];
}

/** Only to what a browser opens by itself: a source may say anything. */
export function link(said: string, href: string): Cell {
  return [{ text: said, href: /^https?:\/\//i.test(href) ? href : null }];
}

export function markdown(blocks: readonly Block[]): string {
  const parts = blocks.map((block): string => {
    switch (block.kind) {
      case "heading":
        return `${"#".repeat(block.level)} ${plainMarkdown(block.text)}`;
      case "paragraph":
        return plainMarkdown(block.text);
      case "list":
        return block.items.map((item) => `- ${cellMarkdown(item)}`).join("\n");
      case "table":
        return tableMarkdown(block.columns, block.rows);
      default:
        return block satisfies never;
    }
  });
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function tableMarkdown(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(columns.map(plainMarkdown)),
    line(columns.map(() => "---")),
    ...rows.map((row) => line(row.map(cellMarkdown))),
  ].join("\n");
}

function cellMarkdown(cell: Cell): string {
  return cell
    .map((span) => {
      const said = plainMarkdown(span.text);
      return span.href === null ? said : `[${said}](<${span.href.replaceAll(/[<>\s]/g, encodeURIComponent)}>)`;
    })
    .join("");
}

/** On one line, and with nothing that Markdown reads as its own (CommonMark 2.4: ASCII punctuation may be escaped). */
function plainMarkdown(said: string): string {
  return said.replaceAll(/\s+/g, " ").replaceAll(/[\\`*_[\]<>|#&~]/g, "\\$&");
}

/** @param language BCP 47: what it is written in. */
export function html(title: string, blocks: readonly Block[], language: string): string {
  const body = blocks.map((block): string => {
    switch (block.kind) {
      case "heading":
        return `<h${block.level}>${escaped(block.text)}</h${block.level}>`;
      case "paragraph":
        return `<p>${escaped(block.text)}</p>`;
      case "list":
        return `<ul>${block.items.map((item) => `<li>${cellHtml(item)}</li>`).join("")}</ul>`;
      case "table":
        return tableHtml(block.columns, block.rows);
      default:
        return block satisfies never;
    }
  });
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1a1a1a; background: #fff; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 1rem; }
th, td { border-bottom: 1px solid #ccc; padding: 0.3rem 0.6rem; text-align: left; vertical-align: top; }
h2 { border-bottom: 2px solid #1a1a1a; margin-top: 2rem; }
a { color: #0b57a4; }
@media print { body { margin: 0; max-width: none; } }
</style>
</head>
<body>
${body.filter((part) => part !== "").join("\n")}
</body>
</html>
`;
}

function tableHtml(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return "";
  const head = columns.map((column) => `<th scope="col">${escaped(column)}</th>`).join("");
  const lines = rows.map((row) => `<tr>${row.map((cell) => `<td>${cellHtml(cell)}</td>`).join("")}</tr>`).join("\n");
  return `<table><thead><tr>${head}</tr></thead><tbody>\n${lines}\n</tbody></table>`;
}

function cellHtml(cell: Cell): string {
  return cell
    .map(({ text: said, href }) => (href === null ? escaped(said) : `<a href="${escaped(href)}">${escaped(said)}</a>`))
    .join("");
}

function escaped(said: string): string {
  return said
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
