import type { ReactNode } from "react";

export type Point = { readonly label: string; readonly value: number | null; readonly shown: string };

const WIDTH = 720;
const HEIGHT = 240;
const LEFT = 64;
const BOTTOM = 26;
const TOP = 12;

/** Values over time as bars with a line where they are many. Every value is in the table below as well, so the drawing has one name. */
export function TimeChart(props: {
  readonly name: string;
  readonly points: readonly Point[];
  readonly write: (value: number) => string;
}): ReactNode {
  const { name, points, write } = props;
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  const high = niceTop(Math.max(0, ...values));
  const low = Math.min(0, ...values) < 0 ? -niceTop(-Math.min(0, ...values)) : 0;
  const span = high - low || 1;
  const step = (WIDTH - LEFT) / Math.max(points.length, 1);
  const y = (value: number): number => TOP + ((high - value) / span) * (HEIGHT - TOP - BOTTOM);
  const every = Math.ceil(points.length / 12);
  const isLine = points.length > 40;
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width="100%" role="img" aria-label={name} style={{ maxHeight: 320 }}>
      {[low, low + span / 2, high].map((value) => (
        <g key={value}>
          <line x1={LEFT} x2={WIDTH} y1={y(value)} y2={y(value)} stroke="var(--app-line)" strokeWidth={1} />
          <text x={LEFT - 8} y={y(value) + 4} textAnchor="end" fontSize={11} fill="var(--mantine-color-dimmed)">
            {write(value)}
          </text>
        </g>
      ))}
      {isLine ? (
        <polyline
          fill="none"
          stroke="var(--app-series-1)"
          strokeWidth={2}
          points={points
            .flatMap(({ value }, index) => (value === null ? [] : [`${LEFT + (index + 0.5) * step},${y(value)}`]))
            .join(" ")}
        />
      ) : null}
      {points.map(({ label, value, shown }, index) => (
        <g key={label}>
          {value === null ? null : (
            <rect
              x={LEFT + index * step + step * 0.15}
              width={step * 0.7}
              y={isLine ? TOP : Math.min(y(value), y(0))}
              height={isLine ? HEIGHT - TOP - BOTTOM : Math.max(1, Math.abs(y(value) - y(0)))}
              rx={Math.min(3, step / 4)}
              fill={isLine ? "transparent" : "var(--app-series-1)"}
            >
              <title>{`${label}: ${shown}`}</title>
            </rect>
          )}
          {index % every === 0 ? (
            <text
              x={LEFT + (index + 0.5) * step}
              y={HEIGHT - 8}
              textAnchor="middle"
              fontSize={11}
              fill="var(--mantine-color-dimmed)"
            >
              {label}
            </text>
          ) : null}
        </g>
      ))}
    </svg>
  );
}

/** The next round number: 1, 2, 2.5 or 5 and zeros. */
function niceTop(value: number): number {
  if (value <= 0) return 0;
  const size = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 2.5, 5, 10].find((one) => one * size >= value) ?? 10;
  return step * size;
}

/** How it went, without numbers: beside one that says how it is. */
export function Sparkline({ values }: { readonly values: readonly (number | null)[] }): ReactNode {
  const known = values.flatMap((value) => (value === null ? [] : [value]));
  const high = Math.max(...known);
  const low = Math.min(0, ...known);
  if (known.length < 2 || high === low) return null;
  const points = values.flatMap((value, index) =>
    value === null ? [] : [`${(index / (values.length - 1)) * 120},${34 - ((value - low) / (high - low)) * 32}`],
  );
  return (
    <svg viewBox="0 0 120 36" width="120" height="36" aria-hidden="true" preserveAspectRatio="none">
      <polyline
        fill="none"
        stroke="var(--app-series-1)"
        strokeWidth={2}
        strokeLinejoin="round"
        points={points.join(" ")}
      />
    </svg>
  );
}
