import { TributaryError } from "../../../core/base/errors.ts";
import type { Agenda } from "../../../core/review/agenda.ts";
import type { Block, Cell } from "../../../core/review/document.ts";
import { type AgendaParts, agendaParts } from "../../../core/review/render.ts";
import { type ReviewWords, reviewWords } from "../../../core/review/words/index.ts";
import type { DocsRequest, Paragraph } from "./client.ts";

/** A line of a template, or of what it becomes. */
export type Line = Pick<Paragraph, "text" | "style" | "isBullet">;

const line = (text: string, style = "NORMAL_TEXT", isBullet = false): Line => ({ text, style, isBullet });

/** What a review looks like without a template of one's own. */
function ownTemplate({ parts }: AgendaParts, words: ReviewWords): readonly Line[] {
  const headed = [...parts.map(({ key, title }) => [title, key]), [words.forNext, POINTS]];
  return [
    line("{{title}}", "HEADING_1"),
    line("{{intro}}"),
    ...headed.flatMap(([title = "", key = ""]) => [line(title, "HEADING_2"), line(`{{${key}}}`)]),
  ];
}

const POINTS = "points";

/** A document names its lines; a list of a thousand deals is for a screen. */
const MOST_ROWS = 50;

/** A review as it goes into a document: places are UTF-16 units from its own start. */
export type Filled = {
  /** Paragraphs, each with its line end. */
  readonly text: string;
  readonly paragraphs: readonly (Line & { readonly start: number; readonly end: number })[];
  readonly links: readonly { readonly start: number; readonly end: number; readonly url: string }[];
  /** The paragraph below which people write. */
  readonly points: { readonly start: number; readonly end: number };
};

/**
 * @param template null: the hub's own.
 * @throws TributaryError `docs.unknown_placeholder`
 */
export function fill(
  template: readonly Line[] | null,
  agenda: Agenda,
  of: { readonly name: string; readonly language: string },
): Filled {
  const words = reviewWords(of.language);
  const made = agendaParts(agenda, of);
  const isEmpty = template === null || template.every(({ text }) => text.trim() === "");
  const given = isEmpty ? ownTemplate(made, words) : template;
  const whole = given.some(({ text }) => wholeLine(text) === POINTS)
    ? given
    : [...given, line(words.forNext, "HEADING_2"), line(`{{${POINTS}}}`)];
  const values = valuesOf(agenda, made);
  const parts = new Map(made.parts.map(({ key, blocks }) => [key, blocks]));
  const filling = new Filling();
  for (const one of whole) {
    const name = wholeLine(one.text);
    if (name === POINTS) filling.points(words.pointsBelow);
    else if (name !== null && parts.has(name)) filling.blocks(parts.get(name) ?? [], words.nothing);
    else filling.add([{ text: replaced(one.text, values, [...parts.keys()]), href: null }], one.style, one.isBullet);
  }
  return filling.done();
}

function wholeLine(text: string): string | null {
  return /^\s*\{\{\s*(\w+)\s*\}\}\s*$/.exec(text)?.[1] ?? null;
}

function valuesOf(agenda: Agenda, { title, intro, money }: AgendaParts): { readonly [name: string]: string } {
  return {
    title,
    intro,
    from: agenda.from,
    to: agenda.to,
    period: `${agenda.from} to ${agenda.to}`,
    as_of: `${agenda.as_of} (${agenda.timezone})`,
    fresh_as_of: agenda.fresh_as_of ?? "no time yet: not every source has been read",
    won_count: String(agenda.won.count),
    won_value: money(agenda.won.value),
    lost_count: String(agenda.lost.count),
    lost_value: money(agenda.lost.value),
  };
}

function replaced(text: string, values: { readonly [name: string]: string }, sections: readonly string[]): string {
  return text.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (written, name: string) => {
    const value = values[name];
    if (value !== undefined) return value;
    const isSection = sections.includes(name) || name === POINTS;
    throw new TributaryError({
      code: "docs.unknown_placeholder",
      kind: "config",
      message: isSection
        ? `The template has ${written} within a line; it becomes many lines.`
        : `The template has ${written}, which stands for nothing.`,
      mend: isSection
        ? "Give it a line of its own."
        : `Use one of ${[...Object.keys(values), ...sections, POINTS].join(", ")}.`,
    });
  });
}

class Filling {
  #text = "";
  readonly #paragraphs: (Line & { start: number; end: number })[] = [];
  readonly #links: { start: number; end: number; url: string }[] = [];
  #points = { start: 0, end: 0 };

  add(cell: Cell, style = "NORMAL_TEXT", isBullet = false): void {
    const start = this.#text.length;
    for (const span of cell) {
      const said = plain(span.text);
      if (span.href !== null && said !== "")
        this.#links.push({ start: this.#text.length, end: this.#text.length + said.length, url: span.href });
      this.#text += said;
    }
    const text = this.#text.slice(start);
    this.#text += "\n";
    this.#paragraphs.push({ text, style, isBullet, start, end: this.#text.length });
  }

  points(intro: string): void {
    const start = this.#text.length;
    this.add([{ text: intro, href: null }]);
    this.#points = { start, end: this.#text.length };
    this.add([], "NORMAL_TEXT", true);
  }

  blocks(blocks: readonly Block[], nothing: string): void {
    if (blocks.length === 0) this.add([{ text: nothing, href: null }]);
    for (const block of blocks) this.#block(block);
  }

  #block(block: Block): void {
    switch (block.kind) {
      case "heading":
        return this.add([{ text: block.text, href: null }], `HEADING_${Math.max(3, block.level)}`);
      case "paragraph":
        return this.add([{ text: block.text, href: null }]);
      case "list":
        return this.#list(block.items);
      case "table":
        // A line for each row: what a table is in a document, cursors and phones make nothing of.
        return this.#list(
          block.rows.map((row) =>
            row.flatMap((cell, at) =>
              at === 0 || cell.every(({ text }) => text === "") ? cell : [{ text: " · ", href: null }, ...cell],
            ),
          ),
        );
      default:
        return block satisfies never;
    }
  }

  #list(items: readonly Cell[]): void {
    for (const item of items.slice(0, MOST_ROWS)) this.add(item, "NORMAL_TEXT", true);
    if (items.length > MOST_ROWS)
      this.add([{ text: `and ${items.length - MOST_ROWS} more`, href: null }], "NORMAL_TEXT", true);
  }

  done(): Filled {
    return { text: this.#text, paragraphs: this.#paragraphs, links: this.#links, points: this.#points };
  }
}

/**
 * On one line, and without what Google strips in silence: every later place would be off (developers.google.com, "InsertTextRequest": U+0000 to U+0008,
 * U+000C to U+001F and the private use area). A tab at the start would nest a list, and be taken away.
 */
function plain(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\p{Cc}+/gu, " ")
    .replaceAll(/[\uE000-\uF8FF]/g, "");
}

/**
 * The requests that put it into a document: the text, then what it looks like, then lists from the bottom up, all within what was inserted.
 *
 * @param at where; `isLast` where that is the end of the body, whose last line end cannot be written behind.
 */
export function insertion(
  { text, paragraphs, links, points }: Filled,
  { at, isLast }: { readonly at: number; readonly isLast: boolean },
  names: { readonly review: string; readonly points: string },
): DocsRequest[] {
  // At the end: a line end first, and the document's own last one instead of ours.
  const inserted = isLast ? `\n${text.slice(0, -1)}` : text;
  const from = isLast ? at + 1 : at;
  const place = (start: number, end: number): { startIndex: number; endIndex: number } => ({
    startIndex: from + start,
    endIndex: from + end,
  });
  const whole = place(0, text.length);
  const bullets: { start: number; end: number }[] = [];
  for (const { isBullet, start, end } of paragraphs) {
    const last = bullets.at(-1);
    if (isBullet && last?.end === start) last.end = end;
    else if (isBullet) bullets.push({ start, end });
  }
  return [
    { insertText: { location: { index: at }, text: inserted } },
    // New paragraphs look like the one that they were put into.
    { deleteParagraphBullets: { range: whole } },
    {
      updateParagraphStyle: {
        range: whole,
        paragraphStyle: { namedStyleType: "NORMAL_TEXT" },
        fields: "namedStyleType",
      },
    },
    { updateTextStyle: { range: whole, textStyle: {}, fields: "bold,italic,underline,link" } },
    ...paragraphs
      .filter(({ style }) => style !== "NORMAL_TEXT")
      .map(({ start, end, style }) => ({
        updateParagraphStyle: {
          range: place(start, end),
          paragraphStyle: { namedStyleType: style },
          fields: "namedStyleType",
        },
      })),
    ...links.map(({ start, end, url }) => ({
      updateTextStyle: { range: place(start, end), textStyle: { link: { url } }, fields: "link" },
    })),
    { createNamedRange: { name: names.review, range: whole } },
    { createNamedRange: { name: names.points, range: place(points.start, points.end) } },
    ...bullets.toReversed().map(({ start, end }) => ({
      createParagraphBullets: { range: place(start, end), bulletPreset: "BULLET_DISC_CIRCLE_SQUARE" },
    })),
  ];
}
