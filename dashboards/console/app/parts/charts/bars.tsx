import type { ReactNode } from "react";

/** A share of the largest as a bar behind a row's number; the number says it. */
export function Bar({ share, tone = "1" }: { readonly share: number; readonly tone?: "1" | "2" | "soft" }): ReactNode {
  return (
    <svg width="100%" height="10" aria-hidden="true" preserveAspectRatio="none" viewBox="0 0 100 10">
      <rect width={Math.max(0, Math.min(100, share * 100))} height="10" rx="1" fill={`var(--app-series-${tone})`} />
    </svg>
  );
}

export type Step = {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly shown: string;
  readonly isTotal: boolean;
};

/** From a start to an end, step by step; each begins where the one before ended. */
export function Waterfall({ name, steps }: { readonly name: string; readonly steps: readonly Step[] }): ReactNode {
  const all = steps.flatMap(({ from, to }) => [from, to]);
  const high = Math.max(0, ...all);
  const low = Math.min(0, ...all);
  const span = high - low || 1;
  const height = 240;
  const width = Math.max(560, steps.length * 92);
  const step = width / steps.length;
  const y = (value: number): number => 20 + ((high - value) / span) * (height - 64);
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={name}>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        width="100%"
        role="img"
        aria-label={name}
        style={{ minWidth: 560, maxHeight: 340 }}
      >
        <line x1={0} x2={width} y1={y(0)} y2={y(0)} stroke="var(--app-line)" />
        {steps.map((one, index) => {
          const isUp = one.to >= one.from;
          const top = Math.min(y(one.from), y(one.to));
          return (
            <g key={one.name}>
              <rect
                x={index * step + step * 0.18}
                width={step * 0.64}
                y={top}
                height={Math.max(2, Math.abs(y(one.from) - y(one.to)))}
                rx={3}
                fill={one.isTotal ? "var(--app-series-1)" : isUp ? "var(--app-good)" : "var(--app-bad)"}
              />
              <text
                x={(index + 0.5) * step}
                y={top - 6}
                textAnchor="middle"
                fontSize={11}
                fill="var(--mantine-color-text)"
              >
                {one.shown}
              </text>
              <text
                x={(index + 0.5) * step}
                y={height - 22}
                textAnchor="middle"
                fontSize={11}
                fill="var(--mantine-color-dimmed)"
              >
                {one.name}
              </text>
            </g>
          );
        })}
      </svg>
    </div>
  );
}

/** P10 to P90 as a band, what is expected as its mark. */
export function Fan(props: {
  readonly low: number;
  readonly middle: number;
  readonly high: number;
  readonly top: number;
}): ReactNode {
  const at = (value: number): number => (props.top === 0 ? 0 : (value / props.top) * 300);
  return (
    <svg viewBox="0 0 300 20" width="100%" height="20" aria-hidden="true" preserveAspectRatio="none">
      <rect
        x={at(props.low)}
        width={Math.max(2, at(props.high) - at(props.low))}
        y={5}
        height={10}
        rx={2}
        fill="var(--app-series-soft)"
      />
      <rect x={at(props.middle) - 1.5} width={3} y={1} height={18} fill="var(--app-series-1)" />
    </svg>
  );
}
