import type { Window } from '@backendai-e2e/results/causes/scene';
import { scaleUtc } from 'd3-scale';
import { useMemo } from 'preact/hooks';
import type { PageData } from '../../model/data/page-data.ts';
import { clockTime, toneOf } from '../elements/words.ts';
import { wanted } from '../state/log-state.ts';
import { placesOn } from '../timeline/time-axis.tsx';

const WIDTH = 1200;
const HEIGHT = 30;
/** Height of the part with failures. */
const FAILURES = 12;

/**
 * The time of the run above its logs, with failures, faults and restarts. The slider shows where the lines are, and moves them.
 * @param at time of the first line in view
 */
export function LogStrip({ data, at }: { data: PageData; at: number | undefined }) {
  const { from, to } = data.gantt;
  const drawn = useMemo(() => <Strip data={data} window={{ from, to }} />, [data, from, to]);
  if (!(to > from)) return null;
  const now = Math.min(Math.max(at ?? from, from), to);
  return (
    <div class="log-strip">
      {drawn}
      <label>
        <span class="hidden">Time of the first line in view</span>
        <input
          type="range"
          min={from}
          max={to}
          step={100}
          value={now}
          aria-valuetext={clockTime(now)}
          onInput={(event) => {
            wanted.value = event.currentTarget.valueAsNumber;
          }}
        />
      </label>
      <p class="facts">
        {clockTime(from)} to {clockTime(to)}, now at {clockTime(now)}. Above are failures, below faults. A
        line is a restart.
      </p>
    </div>
  );
}

function Strip({ data: { failures, faults, changes }, window }: { data: PageData; window: Window }) {
  const place = placesOn(scaleUtc([window.from, window.to], [0, WIDTH]).clamp(true));
  const bar = (from: number, to: number, height: number) => ({
    ...{ x: place(from), width: Math.max(2, place(to) - place(from)), height },
  });
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      {failures.map(
        (failure) =>
          failure.window && (
            <rect
              key={failure.anchor}
              class={`run-${toneOf(failure.state)}`}
              {...bar(failure.window.from, failure.window.to, FAILURES)}
            />
          ),
      )}
      {faults.map(
        ({ name, injected, healed = window.to }) =>
          injected !== undefined && (
            <rect
              key={name}
              class="band-in-force"
              y={FAILURES + 2}
              {...bar(injected, healed, HEIGHT - FAILURES - 2)}
            />
          ),
      )}
      {changes
        .filter(({ kind, at }) => kind === 'restart' && at >= window.from && at <= window.to)
        .map(({ at }, index) => (
          <rect key={`${at} ${index}`} class="strip-restart" {...bar(at, at, HEIGHT)} />
        ))}
    </svg>
  );
}
