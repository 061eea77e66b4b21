import { Box } from "@mantine/core";
import { type KeyboardEvent, type PointerEvent, type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import { useWords } from "../../words/index.ts";
import { COLUMNS } from "./draft.ts";
import { screenWords } from "./words.ts";

export type FrameTile = { readonly title: string; readonly width: number; readonly height: number };
type Rect = { readonly left: number; readonly top: number; readonly width: number; readonly height: number };

/** What is done to tiles; absent: they are only looked at. */
export type FrameActions = {
  readonly select: (at: number) => void;
  readonly move: (from: number, to: number) => void;
  readonly resize: (at: number, size: { readonly width: number; readonly height: number }) => void;
  readonly remove: (at: number) => void;
};

/**
 * A screen in small: the very page that a TV would show, in a frame without scripts, scaled down; over each of its tiles something to take hold
 * of, by pointer and by keyboard.
 */
export function ScreenFrame(props: {
  /** HTML as the server gives it. */
  readonly page: string;
  readonly screen: { readonly width: number; readonly height: number };
  readonly tiles: readonly FrameTile[];
  readonly selected: number | null;
  readonly actions: FrameActions | null;
}): ReactNode {
  const { page, screen, tiles, selected, actions } = props;
  const t = useWords(screenWords);
  const box = useRef<HTMLDivElement>(null);
  const frame = useRef<HTMLIFrameElement>(null);
  const [scale, setScale] = useState(0);
  const [rects, setRects] = useState<readonly Rect[]>([]);
  const [drop, setDrop] = useState<number | null>(null);

  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const fit = new ResizeObserver(() => setScale(element.clientWidth / screen.width));
    fit.observe(element);
    return () => fit.disconnect();
  }, [screen.width]);

  const measure = useCallback((): void => {
    const found = [...(frame.current?.contentDocument?.querySelectorAll<HTMLElement>(".tile") ?? [])];
    setRects(
      found.map(({ offsetLeft, offsetTop, offsetWidth, offsetHeight }) => ({
        left: offsetLeft,
        top: offsetTop,
        width: offsetWidth,
        height: offsetHeight,
      })),
    );
  }, []);

  // The first page is loaded; of those after it the content is put in its place, so that nothing flickers.
  const [first] = useState(page);
  const show = useCallback((): void => {
    const inside = frame.current?.contentDocument;
    if (inside === null || inside === undefined) return;
    const next = new DOMParser().parseFromString(page, "text/html");
    inside.body.replaceWith(inside.adoptNode(next.body));
    measure();
  }, [page, measure]);
  useEffect(show, [show, screen]);

  const at = useRef<{ readonly x: number; readonly y: number } | null>(null);
  /** What ends a drag is no click. */
  const wasDragged = useRef(false);
  const under = (x: number, y: number): number | null => {
    const area = box.current?.getBoundingClientRect();
    if (area === undefined) return null;
    const [left, top] = [(x - area.left) / scale, (y - area.top) / scale];
    const found = rects.findIndex(
      (one) => left >= one.left && left < one.left + one.width && top >= one.top && top < one.top + one.height,
    );
    return found < 0 ? null : found;
  };
  const pulled = (index: number, x: number, y: number): { width: number; height: number } | null => {
    const area = box.current?.getBoundingClientRect();
    const [rect, tile, main] = [rects[index], tiles[index], frame.current?.contentDocument?.querySelector("main")];
    if (area === undefined || rect === undefined || tile === undefined || main == null) return null;
    const gap = Number.parseFloat(getComputedStyle(main).columnGap) || 0;
    const column = (main.clientWidth + gap) / COLUMNS;
    const row = (rect.height + gap) / tile.height;
    return {
      width: ((x - area.left) / scale - rect.left + gap) / column,
      height: ((y - area.top) / scale - rect.top + gap) / row,
    };
  };

  const onKey = (index: number, event: KeyboardEvent): void => {
    const tile = tiles[index];
    if (actions === null || tile === undefined) return;
    const step = STEPS[event.key];
    if (step !== undefined && event.shiftKey)
      actions.resize(index, { width: tile.width + step.columns, height: tile.height + step.rows });
    else if (step !== undefined) actions.move(index, index + step.places);
    else if (event.key === "Delete" || event.key === "Backspace") actions.remove(index);
    else return;
    event.preventDefault();
  };

  return (
    <Box ref={box} className="screen-frame" style={{ height: screen.height * scale }}>
      <iframe
        ref={frame}
        title={t.preview}
        sandbox="allow-same-origin"
        srcDoc={first}
        tabIndex={-1}
        aria-hidden="true"
        onLoad={show}
        style={{ width: screen.width, height: screen.height, transform: `scale(${scale})` }}
      />
      {actions === null ? null : (
        <div role="group" aria-label={t.tile} aria-describedby="frame-help">
          {rects.map((rect, index) => {
            const tile = tiles[index];
            if (tile === undefined) return null;
            return (
              <button
                key={index}
                type="button"
                className="screen-tile"
                data-tile={index}
                aria-label={t.tileLabel(index + 1, tile.title, tile.width, tile.height)}
                aria-pressed={selected === index}
                {...(drop === index ? { "data-drop": true } : {})}
                style={{
                  left: rect.left * scale,
                  top: rect.top * scale,
                  width: rect.width * scale,
                  height: rect.height * scale,
                }}
                onClick={() => {
                  if (!wasDragged.current) actions.select(index);
                  wasDragged.current = false;
                }}
                onKeyDown={(event) => onKey(index, event)}
                {...dragging({
                  begin: (x, y) => {
                    at.current = { x, y };
                    wasDragged.current = false;
                  },
                  go: (x, y) => {
                    const from = at.current;
                    if (from === null || Math.hypot(x - from.x, y - from.y) <= FAR) return;
                    wasDragged.current = true;
                    setDrop(under(x, y));
                  },
                  end: () => {
                    if (drop !== null && drop !== index) actions.move(index, drop);
                    setDrop(null);
                    at.current = null;
                  },
                })}
              >
                <span
                  className="screen-tile-corner"
                  aria-hidden="true"
                  {...dragging({
                    begin: () => actions.select(index),
                    go: (x, y) => {
                      const size = pulled(index, x, y);
                      if (size === null) return;
                      const [width, height] = [Math.round(size.width), Math.round(size.height)];
                      if (width !== tile.width || height !== tile.height) actions.resize(index, { width, height });
                    },
                    end: () => undefined,
                  })}
                />
              </button>
            );
          })}
        </div>
      )}
    </Box>
  );
}

/** So many pixels are a drag and no click. */
const FAR = 6;

const STEPS: {
  readonly [key: string]: { readonly places: number; readonly columns: number; readonly rows: number } | undefined;
} = {
  ArrowLeft: { places: -1, columns: -1, rows: 0 },
  ArrowUp: { places: -1, columns: 0, rows: -1 },
  ArrowRight: { places: 1, columns: 1, rows: 0 },
  ArrowDown: { places: 1, columns: 0, rows: 1 },
};

function dragging(act: {
  readonly begin: (x: number, y: number) => void;
  readonly go: (x: number, y: number) => void;
  readonly end: () => void;
}): {
  readonly onPointerDown: (event: PointerEvent) => void;
  readonly onPointerMove: (event: PointerEvent) => void;
  readonly onPointerUp: (event: PointerEvent) => void;
  readonly onPointerCancel: (event: PointerEvent) => void;
} {
  const isHeld = (event: PointerEvent): boolean => event.currentTarget.hasPointerCapture(event.pointerId);
  const end = (event: PointerEvent): void => {
    if (isHeld(event)) act.end();
    event.stopPropagation();
  };
  return {
    onPointerDown: (event) => {
      if (event.button !== 0) return;
      event.stopPropagation();
      event.currentTarget.setPointerCapture(event.pointerId);
      act.begin(event.clientX, event.clientY);
    },
    onPointerMove: (event) => {
      if (isHeld(event)) act.go(event.clientX, event.clientY);
    },
    onPointerUp: end,
    onPointerCancel: end,
  };
}
