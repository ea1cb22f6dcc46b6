import type { Window } from '@backendai-e2e/results/causes/scene';
import type { PageFault } from '../../model/data/page-data.ts';
import { decadesOf, type Latency } from '../../model/timeline/latency.ts';
import { clockTime, duration } from '../elements/words.ts';
import { FaultShades } from './fault-rows.tsx';
import type { Place } from './time-axis.tsx';

/** Height of the row of an environment. */
const LATENCY_ROW = 52;
/** Room above and below the dots of a row. */
const EDGE = 10;

function environmentsOf(latencies: readonly Latency[]): string[] {
  return [...new Set(latencies.map(({ environment }) => environment))].sort();
}

/** Height of what {@link LatencyRows} draws. */
export function heightOfLatencies(latencies: readonly Latency[]): number {
  return environmentsOf(latencies).length * LATENCY_ROW;
}

interface Drawn {
  latencies: readonly Latency[];
  faults: readonly PageFault[];
  place: Place;
  window: Window;
  top: number;
  /** How many environments the chart shows. */
  places: number;
}

/** How long things took: a dot at the end, as high as it is long, and a line back. Faults lie behind. */
export function LatencyRows({ latencies, faults, place, window, top, places }: Drawn) {
  const { low, high, share } = decadesOf(latencies);
  const y = (seconds: number) =>
    Math.round((LATENCY_ROW - EDGE - share(seconds) * (LATENCY_ROW - 2 * EDGE)) * 10) / 10;
  const left = place(window.from);
  return (
    <g>
      {environmentsOf(latencies).map((environment, row) => (
        <g key={environment} class="latency" transform={`translate(0 ${top + row * LATENCY_ROW})`}>
          <text x={4} y={LATENCY_ROW / 2 + 4} class="lane">
            {places > 1 ? `measured (${environment})` : 'measured times'}
          </text>
          {[low, high].map((seconds) => (
            <g key={seconds} class="axis">
              <line x1={left} x2={place(window.to)} y1={y(seconds)} y2={y(seconds)} />
              <text x={left - 6} y={y(seconds) + 4} class="before">{`${seconds} s`}</text>
            </g>
          ))}
          <FaultShades {...{ faults, environment, place, window }} height={LATENCY_ROW} />
          {latencies
            .filter((each) => each.environment === environment)
            .map(({ suite, name, seconds, at, answered }, index) => (
              <g key={`${at} ${index}`} class={answered ? `request answered-${answered}` : undefined}>
                <title>{`${clockTime(at)} ${suite}: ${name} ${duration(seconds)}`}</title>
                <line x1={place(at - seconds * 1000)} x2={place(at)} y1={y(seconds)} y2={y(seconds)} />
                {answered === undefined || answered === 'well' ? (
                  <circle cx={place(at)} cy={y(seconds)} r={3.5} />
                ) : (
                  <text x={place(at)} y={y(seconds) + 4}>
                    ✘
                  </text>
                )}
              </g>
            ))}
        </g>
      ))}
    </g>
  );
}
