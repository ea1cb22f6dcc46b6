import type { Window } from '@backendai-e2e/results/causes/scene';
import { PACE } from '@backendai-e2e/results/history/measurement-gate';
import type { Bar, PageData, PageFault, PagePod, PodLane, PodSpan } from '../../model/data/page-data.ts';
import { clockTime, duration } from '../elements/words.ts';
import { FaultShades } from './fault-rows.tsx';
import type { Place } from './time-axis.tsx';

/** Height of the row of a pod, and least height of a lane. */
const POD_ROW = 8;
const LEAST = 18;
/** Lanes of a drawing. */
const MOST_LANES = 40;
/** Height of the lane of the machine. */
const PACE_ROW = 26;
/** The pace at which a bar fills its lane: 1 is an idle machine. */
const FULL_PACE = 5;

/** How long a suite ran, and how busy the machine was meanwhile. */
export interface Pace extends Window {
  suite: string;
  pace: number;
}

/** The lanes of components whose pods changed in a time, in one environment or in all. */
export function lanesIn({ pods }: PageData, { from, to }: Window, environment?: string): PodLane[] {
  const within = (at: number) => at >= from && at <= to;
  const changed = ({ spans, gone, to: end }: PagePod) =>
    (gone && within(end)) || spans.some((span) => within(span.from));
  return pods
    .filter(
      (lane) => (environment === undefined || lane.environment === environment) && lane.pods.some(changed),
    )
    .slice(0, MOST_LANES);
}

/** The pace of the machine during the deciding attempts that overlap a time. */
export function pacesIn({ suites, gantt }: PageData, { from, to }: Window): Pace[] {
  const found = new Map(
    suites.map(({ name, attempt, measurements }) => [
      `${name} ${attempt}`,
      measurements.find((each) => each.name === PACE)?.value,
    ]),
  );
  return gantt.lanes.flatMap(({ bars }) =>
    bars.flatMap((bar: Bar): Pace[] => {
      const pace = found.get(`${bar.suite} ${bar.attempt}`);
      if (pace === undefined || bar.to < from || bar.from > to) return [];
      return [{ from: bar.from, to: bar.to, suite: bar.suite, pace }];
    }),
  );
}

function heightOf({ pods }: PodLane): number {
  return Math.max(LEAST, Math.max(...pods.map(({ row }) => row + 1)) * POD_ROW + 4);
}

/** Height of what {@link PodRows} draws. */
export function heightOfLanes(lanes: readonly PodLane[], paces: readonly Pace[]): number {
  return lanes.reduce((sum, lane) => sum + heightOf(lane), 0) + (paces.length > 0 ? PACE_ROW : 0);
}

interface Drawn {
  lanes: readonly PodLane[];
  faults: readonly PageFault[];
  paces: readonly Pace[];
  place: Place;
  window: Window;
  top: number;
}

/** Pods of each component as bars: pending, running, ready and unready. Faults lie behind, the pace of the machine below. */
export function PodRows({ lanes, faults, paces, place, window, top }: Drawn) {
  const tops = lanes.map((_, index) => top + heightOfLanes(lanes.slice(0, index), []));
  const places = new Set(lanes.map(({ environment }) => environment)).size;
  return (
    <g>
      {lanes.map((lane, index) => (
        <g key={`${lane.environment} ${lane.component}`} transform={`translate(0 ${tops[index]})`}>
          <text x={4} y={13} class="lane">
            {places > 1 ? `${lane.component} (${lane.environment})` : lane.component}
          </text>
          <FaultShades
            {...{ faults, environment: lane.environment, place, window }}
            height={heightOf(lane)}
          />
          {lane.pods.flatMap((pod) =>
            pod.spans
              .filter(({ from, to }) => from <= window.to && to >= window.from)
              .map((span, number) => (
                <Span key={`${pod.name} ${pod.from} ${number}`} pod={pod} span={span} place={place} />
              )),
          )}
          {lane.pods
            .filter(({ gone, to }) => gone && to >= window.from && to <= window.to)
            .map((pod) => (
              <text key={`${pod.name} ${pod.to}`} class="gone" x={place(pod.to)} y={pod.row * POD_ROW + 10}>
                ✕<title>{`${clockTime(pod.to)} ${pod.name} was stopped`}</title>
              </text>
            ))}
        </g>
      ))}
      {paces.length > 0 && (
        <g transform={`translate(0 ${top + heightOfLanes(lanes, [])})`}>
          <text x={4} y={17} class="lane">
            pace of the machine
          </text>
          {paces.map(({ suite, pace, from, to }) => {
            const height = (Math.min(pace, FULL_PACE) / FULL_PACE) * (PACE_ROW - 4);
            return (
              <rect
                key={`${suite} ${from}`}
                class="pace"
                x={place(from)}
                y={PACE_ROW - height}
                width={Math.max(1, place(to) - place(from))}
                height={height}
              >
                <title>{`${suite}: ${pace.toFixed(1)} times the seconds of an idle machine`}</title>
              </rect>
            );
          })}
        </g>
      )}
    </g>
  );
}

function Span({ pod, span: { is, from, to }, place }: { pod: PagePod; span: PodSpan; place: Place }) {
  const thin = is === 'pending' || is === 'unready';
  const restarts = pod.restarts ? `, ${pod.restarts} restarts in all` : '';
  return (
    <rect
      class={`pod-${is}`}
      x={place(from)}
      y={pod.row * POD_ROW + (thin ? 5 : 3)}
      width={Math.max(is === 'unready' ? 2 : 0.5, place(to) - place(from))}
      height={thin ? POD_ROW - 5 : POD_ROW - 2}
    >
      <title>{`${pod.name}: ${is} from ${clockTime(from)}, ${duration((to - from) / 1000)}${restarts}`}</title>
    </rect>
  );
}
