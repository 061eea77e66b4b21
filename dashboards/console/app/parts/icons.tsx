import type { ReactNode } from "react";

/** Line drawings on a grid of 24; they say nothing by themselves, so readers pass them over. */
const DRAWINGS = {
  home: "M4 11 12 4l8 7M6 10v9h12v-9",
  plug: "M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4",
  sheet: "M4 4h16v16H4zM4 10h16M10 4v16",
  chart: "M4 20V4M4 20h16M8 16v-4M12 16V8M16 16v-6",
  funnel: "M4 5h16l-6 8v6l-4-2v-4z",
  move: "M4 16h4v4H4zM10 10h4v10h-4zM16 4h4v16h-4z",
  forecast: "M3 18 9 11l4 3 8-9M15 5h6v6",
  board: "M4 4h5v14H4zM10 4h5v9h-5zM16 4h4v11h-4z",
  deal: "M4 8h16v11H4zM9 8V5h6v3M4 13h16",
  activity: "M3 12h4l3-8 4 16 3-8h4",
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M16 4.5a3.5 3.5 0 0 1 0 6.5M18 14a6 6 0 0 1 3.5 6",
  tv: "M3 5h18v12H3zM8 21h8M12 17v4",
  hook: "M8 4a4 4 0 0 1 4 4v8a4 4 0 0 0 8 0v-2M8 8a3 3 0 1 1 0-.01",
  key: "M14 10a4 4 0 1 0-3.5 4L13 16.500h2.500V19H18v2h3v-3.500L14.500 11",
  settings:
    "M12 15.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM12 3v2.500M12 18.500V21M3 12h2.500M18.500 12H21M5.600 5.600l1.800 1.800M16.600 16.600l1.800 1.800M5.600 18.400l1.800-1.800M16.600 7.400l1.800-1.800",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.500 1.500M17.500 17.500 19 19M5 19l1.500-1.500M17.500 6.500 19 5",
  moon: "M20 14a8 8 0 1 1-9-10 6.500 6.500 0 0 0 9 10z",
  language: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
  user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21a8 8 0 0 1 16 0",
  goal: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 17a5 5 0 1 0 0-10 5 5 0 0 0 0 10zM12 12v.01",
  rank: "M9 20V6h6v14M3 20v-8h6M21 20v-5h-6",
  send: "M4 12 20 4l-6 16-3-7z",
  idea: "M9 18h6M10 21h4M12 3a6 6 0 0 0-4 10.500c1 1 1 2 1 2.500h6c0-.500 0-1.500 1-2.500A6 6 0 0 0 12 3z",
  plus: "M12 5v14M5 12h14",
  out: "M10 5H5v14h5M14 8l4 4-4 4M18 12H9",
  link: "M14 5h5v5M19 5l-8 8M11 6H6v12h12v-5",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.500 10 17l9-10",
  warn: "M12 4 2.500 20h19zM12 10v4M12 17v.01",
  up: "M12 19V5M6 11l6-6 6 6",
  down: "M12 5v14M6 13l6 6 6-6",
  upload: "M12 16V4M7 9l5-5 5 5M4 16v4h16v-4",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5",
  sync: "M20 11a8 8 0 0 0-14-4L3 10M3 5v5h5M4 13a8 8 0 0 0 14 4l3-3M21 19v-5h-5",
} as const;

export type IconName = keyof typeof DRAWINGS;

export function Icon({ name, size = 18 }: { readonly name: IconName; readonly size?: number }): ReactNode {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.8}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={DRAWINGS[name]} />
    </svg>
  );
}
