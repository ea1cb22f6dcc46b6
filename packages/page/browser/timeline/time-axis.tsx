import type { ScaleTime } from 'd3-scale';

/** Where a time lies in a chart. */
export type Place = (at: number | Date) => number;

/** Places with one decimal: more would only make the file longer. */
export function placesOn(scale: ScaleTime<number, number>): Place {
  return (at) => Math.round(scale(at) * 10) / 10;
}

/** The time below the pointer, in a chart whose drawing is that wide. Undefined outside of the scale. */
export function timeBelow(
  { currentTarget, clientX }: { currentTarget: SVGElement; clientX: number },
  scale: ScaleTime<number, number>,
  width: number,
): number | undefined {
  const box = currentTarget.getBoundingClientRect();
  const x = ((clientX - box.left) / box.width) * width;
  const [from = 0, to = 0] = scale.range();
  return x < from || x > to ? undefined : scale.invert(x).getTime();
}

interface Axis {
  scale: ScaleTime<number, number>;
  top: number;
  height: number;
  /** Whether the times are above the chart as well. */
  both?: boolean;
}

/** Lines and times of day (UTC) across a chart. */
export function TimeAxis({ scale, top, height, both = false }: Axis) {
  const place = placesOn(scale);
  return (
    <g class="axis">
      {scale.ticks(8).map((tick) => (
        <g key={tick.getTime()}>
          <line x1={place(tick)} x2={place(tick)} y1={top} y2={top + height} />
          <text x={place(tick)} y={top + height + 16}>
            {tick.toISOString().slice(11, 19)}
          </text>
          {both && (
            <text x={place(tick)} y={top - 6}>
              {tick.toISOString().slice(11, 19)}
            </text>
          )}
        </g>
      ))}
    </g>
  );
}
