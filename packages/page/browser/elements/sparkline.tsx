const WIDTH = 120;
const HEIGHT = 24;

/** A line of values. With a band, the quartiles lie behind it; the last value is marked. */
export function Sparkline({
  values,
  band,
}: {
  values: readonly number[];
  band?: { low: number; high: number };
}) {
  const all = band ? [...values, band.low, band.high] : values;
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const y = (value: number) =>
    high === low ? HEIGHT / 2 : HEIGHT - 3 - ((value - low) / (high - low)) * (HEIGHT - 6);
  const x = (index: number) => (index / Math.max(1, values.length - 1)) * (WIDTH - 6) + 3;
  const points = values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`);
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} class="spark" aria-hidden="true">
      {band && (
        <rect
          class="spark-band"
          x={0}
          y={y(band.high).toFixed(1)}
          width={WIDTH}
          height={Math.max(1, y(band.low) - y(band.high)).toFixed(1)}
        />
      )}
      <polyline points={points.join(' ')} />
      {band && <circle cx={x(values.length - 1)} cy={y(values.at(-1) ?? 0).toFixed(1)} r={2.5} />}
    </svg>
  );
}
