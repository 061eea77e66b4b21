import type { DashboardDefinition } from "../../api/types.ts";
import { asText } from "../../parts/text.ts";

/** A dashboard as it is being made: tiles have only what was set. */
export type Draft = {
  readonly title: string;
  readonly theme: "dark" | "light";
  readonly tiles: readonly DraftTile[];
  readonly rotate: { readonly to: string; readonly after_s: number } | null;
  readonly celebrate: { readonly wins: boolean; readonly sound: boolean; readonly from: string; readonly to: string };
};
export type DraftTile = { readonly [setting: string]: unknown };

export const NEW_DRAFT: Draft = {
  title: "",
  theme: "dark",
  tiles: [{ view: "number", metric: "won_value", period: "this_month" }],
  rotate: null,
  celebrate: { wins: true, sound: false, from: "00:00", to: "23:59" },
};

export const COLUMNS = 12;
export const MOST_TILES = 16;
const SMALLEST = { width: 2, height: 1 };
const LARGEST = { width: COLUMNS, height: 6 };
const USUAL = { width: 3, height: 2 };

/** @param uses the settings that count, by view; what stands beside them is the tile's defaults. */
export function draftOf(
  { title, theme, tiles, rotate, celebrate }: DashboardDefinition,
  uses: (view: string) => ReadonlySet<string>,
): Draft {
  return {
    title,
    theme: theme ?? "dark",
    tiles: tiles.map((tile) => onlyUsed(tile, uses)),
    rotate: rotate === undefined ? null : { to: rotate.to, after_s: rotate.after_s ?? 60 },
    celebrate: { ...NEW_DRAFT.celebrate, ...celebrate },
  };
}

/** What a tile’s view, or a feed’s widget, does not use is left out: it would be refused. */
export function onlyUsed(tile: DraftTile, uses: (view: string) => ReadonlySet<string>): DraftTile {
  const used = uses(asText(tile["view"] ?? tile["widget"]) || "number");
  return Object.fromEntries(
    Object.entries(tile).filter(
      ([name, value]) =>
        used.has(name) &&
        value !== undefined &&
        value !== "" &&
        !(name === "filters" && Object.keys(value as object).length === 0),
    ),
  );
}

export function bodyOf({ title, theme, tiles, rotate, celebrate }: Draft, untitled: string): object {
  return {
    title: title.trim() === "" ? untitled : title,
    theme,
    tiles,
    celebrate,
    ...(rotate === null ? {} : { rotate }),
  };
}

export function sizeOf(tile: DraftTile): { readonly width: number; readonly height: number } {
  const { width, height } = tile;
  return {
    width: typeof width === "number" ? width : USUAL.width,
    height: typeof height === "number" ? height : USUAL.height,
  };
}

export function resized(tile: DraftTile, size: { readonly width: number; readonly height: number }): DraftTile {
  const within = (value: number, least: number, most: number): number =>
    Math.max(least, Math.min(most, Math.round(value)));
  return {
    ...tile,
    width: within(size.width, SMALLEST.width, LARGEST.width),
    height: within(size.height, SMALLEST.height, LARGEST.height),
  };
}

/** A list with one of it taken to another place. */
export function moved<One>(all: readonly One[], from: number, to: number): readonly One[] {
  const one = all[from];
  if (one === undefined || to < 0 || to >= all.length) return all;
  const rest = all.filter((_, index) => index !== from);
  return [...rest.slice(0, to), one, ...rest.slice(to)];
}

/** The part of an address that a title becomes: `Sales floor, Oslo` is `sales-floor-oslo`. */
export function slugOf(title: string): string {
  return title
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[\u0300-\u036f]/g, "")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 60);
}
