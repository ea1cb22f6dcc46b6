import type { ScaleTime } from 'd3-scale';

interface Axis {
  scale: ScaleTime<number, number>;
  top: number;
  height: number;
}

/** Lines and times of day (UTC) across a chart. */
export function TimeAxis({ scale, top, height }: Axis) {
  return (
    <g class="axis">
      {scale.ticks(8).map((tick) => (
        <g key={tick.getTime()}>
          <line x1={scale(tick)} x2={scale(tick)} y1={top} y2={top + height} />
          <text x={scale(tick)} y={top + height + 16}>
            {tick.toISOString().slice(11, 19)}
          </text>
        </g>
      ))}
    </g>
  );
}
