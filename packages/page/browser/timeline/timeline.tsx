import type { TimedChange, Window } from '@backendai-e2e/results/causes/scene';
import { scaleUtc } from 'd3-scale';
import type { PageData, PageFault, PodLane } from '../../model/data/page-data.ts';
import { type Latency, latenciesIn } from '../../model/timeline/latency.ts';
import { ColumnHeads } from '../elements/column-heads.tsx';
import { ScrollRegion } from '../elements/scroll-region.tsx';
import { clockTime, counted } from '../elements/words.ts';
import { FAULT_ROW, FaultRows, faultLayout } from './fault-rows.tsx';
import { heightOfLatencies, LatencyRows } from './latency-rows.tsx';
import { heightOfLanes, lanesIn, type Pace, PodRows, pacesIn } from './pod-rows.tsx';
import { placesOn, TimeAxis, timeBelow } from './time-axis.tsx';

const WIDTH = 1200;
const LEFT = 210;
const ROW = 26;
/** A chart that is higher has its times at the top as well. */
const HIGH = 400;

const KINDS: Readonly<Record<TimedChange['kind'], { glyph: string; name: string }>> = {
  restart: { glyph: '↻', name: 'restarts' },
  unready: { glyph: '▼', name: 'readiness lost' },
  ready: { glyph: '▲', name: 'readiness gained' },
  leader: { glyph: '♛', name: 'leaders' },
  warning: { glyph: '!', name: 'warnings' },
};
const KIND_NAMES = Object.keys(KINDS) as TimedChange['kind'][];

const PODS_WORDS =
  'Below are the pods of components that changed. Low bars are pending or unready, high ones run or are ready. ✕ is the end.';
const MEASURED_WORDS =
  'A dot is a time that a suite measured: it ended there, its line covers it, and higher is longer.';
/** What the marks around a failure mean. */
export const LATENCY_WORDS = `${MEASURED_WORDS} ○ is a request of the test. ✘ is one that got no answer, or a status of 500 or more.`;
/** What a click in a drawing does. */
const CLICK_WORDS = 'Click on a time to see the logs from then on.';
const SHADE_WORDS = 'Faults of the same environment are shades behind.';

interface Shown {
  faults: readonly PageFault[];
  changes: readonly TimedChange[];
  /** Pods of components that changed, and how busy the machine was. They are drawn once the script runs. */
  lanes: readonly PodLane[];
  paces: readonly Pace[];
  /** What suites measured in seconds. */
  latencies: readonly Latency[];
  window: Window;
  /** The time of the test itself, within the window. */
  test?: Window & { title: string };
  label: string;
  /** Whether the script runs. Without it, the list below has the texts of the marks. */
  alive: boolean;
  /** Shows what else was at a time. Absent where nothing can be shown. */
  onTime?: OnTime | undefined;
}

type OnTime = (at: number) => void;

/** Faults as bands and changes in the cluster as marks, over time. */
export function TimelineChart({
  faults,
  changes,
  lanes,
  paces,
  latencies,
  window,
  test,
  label,
  alive,
  onTime,
}: Shown) {
  const scale = scaleUtc([window.from, window.to], [LEFT, WIDTH - 90]).clamp(true);
  const place = placesOn(scale);
  const kinds = KIND_NAMES.filter((kind) => changes.some((change) => change.kind === kind));
  const layout = faultLayout(faults, { place, window, right: WIDTH });
  const podHeight = alive ? heightOfLanes(lanes, paces) : 0;
  const faultHeight = layout.names.length * FAULT_ROW;
  const pods = (test ? ROW : 0) + faultHeight + kinds.length * ROW;
  const own = pods + podHeight + (alive ? heightOfLatencies(latencies) : 0);
  if (own === 0) return null;
  const top = own > HIGH ? 20 : 0;
  const first = top + (test ? ROW : 0);
  const marks = first + faultHeight;
  const height = top + own + 28;
  return (
    <ScrollRegion label={label}>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the list of changes has a button for each time */}
      <svg
        viewBox={`0 0 ${WIDTH} ${height}`}
        class={onTime ? 'chart timed' : 'chart'}
        role="img"
        aria-label={label}
        onClick={(event) => {
          const at = timeBelow(event, scale, WIDTH);
          if (at !== undefined) onTime?.(at);
        }}
      >
        <TimeAxis scale={scale} top={top} height={own + 4} both={top > 0} />
        {test && (
          <g transform={`translate(0 ${top})`}>
            <text x={4} y={17} class="lane">
              test
            </text>
            <rect
              class="run-bad"
              x={place(test.from)}
              y={4}
              width={Math.max(2, place(test.to) - place(test.from))}
              height={18}
            >
              <title>{test.title}</title>
            </rect>
          </g>
        )}
        <FaultRows layout={layout} place={place} window={window} top={first} alive={alive} />
        {kinds.map((kind, row) => (
          <g key={kind} transform={`translate(0 ${marks + row * ROW + 18})`}>
            <text x={4} class="lane">
              {KINDS[kind].glyph} {KINDS[kind].name}
            </text>
            <g class={`mark mark-${kind}`}>
              {changes
                .filter((change) => change.kind === kind)
                .map((change, index) => (
                  <text key={`${change.at} ${index}`} x={place(change.at)}>
                    {KINDS[kind].glyph}
                    {alive && <title>{`${clockTime(change.at)} ${change.subject}: ${change.text}`}</title>}
                  </text>
                ))}
            </g>
          </g>
        ))}
        {podHeight > 0 && (
          <PodRows
            lanes={lanes}
            faults={faults}
            paces={paces}
            place={place}
            window={window}
            top={top + pods}
          />
        )}
        {alive && (
          <LatencyRows
            latencies={latencies}
            faults={faults}
            place={place}
            window={window}
            top={top + pods + podHeight}
            places={new Set([...lanes, ...latencies].map(({ environment }) => environment)).size}
          />
        )}
      </svg>
      {layout.left > 0 && <p>{counted(layout.left, 'more fault')} are in the table below.</p>}
    </ScrollRegion>
  );
}

/** Faults and changes of the whole run. */
export function Timeline({
  data,
  alive,
  onTime,
}: {
  data: PageData;
  alive: boolean;
  onTime?: OnTime | undefined;
}) {
  const { faults, changes, deeds, gantt } = data;
  const window = { from: gantt.from, to: gantt.to };
  const within = changes.filter(({ at }) => at >= window.from && at <= window.to);
  const lanes = lanesIn(data, window);
  const latencies = latenciesIn(data, window);
  if (faults.length + within.length + deeds.length + lanes.length + latencies.length === 0) return null;
  return (
    <section aria-labelledby="timeline">
      <h2 id="timeline">Faults and changes</h2>
      <p>
        A row holds the faults of a component. A band runs from the request through injection, effect and
        healing to the proof that it is over. The number at it is the time from healing to that proof.
        {lanes.length > 0 &&
          ` ${PODS_WORDS} Kubernetes keeps no history of readiness: a pod that is gone counts as running.`}
        {latencies.length > 0 && ` ${MEASURED_WORDS}`}
        {faults.length > 0 && lanes.length + latencies.length > 0 && ` ${SHADE_WORDS}`}
        {onTime && ` ${CLICK_WORDS}`}
      </p>
      <TimelineChart
        faults={faults}
        changes={within}
        lanes={lanes}
        paces={pacesIn(data, window)}
        latencies={latencies}
        window={window}
        alive={alive}
        onTime={onTime}
        label="Faults and changes of the run by time"
      />
      {faults.length > 0 && <FaultTable faults={faults} />}
      <details>
        <summary>{`${within.length} changes in the cluster`}</summary>
        <ul class="lines">
          {folded([
            ...within.map((each) => ({
              at: each.at,
              text: `${KINDS[each.kind].glyph} ${each.subject}: ${each.text}`,
            })),
            ...deeds,
          ]).map(({ at, text, times }, index) => (
            <li key={`${index} ${at}`}>
              <Moment at={at} onTime={onTime} /> {text}
              {times > 1 && ` (${times} times until the next line)`}
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}

/** A time of day; a button where it can show more. */
function Moment({ at, onTime }: { at: number; onTime: OnTime | undefined }) {
  const time = <time>{clockTime(at)}</time>;
  if (!onTime) return time;
  return (
    <button type="button" class="moment" title="Show the logs from then on" onClick={() => onTime(at)}>
      {time}
    </button>
  );
}

/** Lines in the order of time. The same text several times in a row is one line. */
function folded(
  lines: readonly { at: number; text: string }[],
): { at: number; text: string; times: number }[] {
  const result: { at: number; text: string; times: number }[] = [];
  for (const line of [...lines].sort((a, b) => a.at - b.at || a.text.localeCompare(b.text))) {
    const last = result.at(-1);
    if (last?.text === line.text) last.times += 1;
    else result.push({ ...line, times: 1 });
  }
  return result;
}

function FaultTable({ faults }: { faults: readonly PageFault[] }) {
  return (
    <details>
      <summary>{`${faults.length} faults with their receipts`}</summary>
      <ScrollRegion label="Table of faults">
        <table>
          <ColumnHeads
            names={[
              'fault',
              'target',
              'asked',
              'injected',
              'seen in force',
              'healed',
              'seen healed',
              'receipts',
            ]}
          />
          <tbody>
            {faults.map((fault) => (
              <tr key={fault.name}>
                <th scope="row">
                  {fault.name} ({fault.action}, {fault.phase})
                </th>
                <td>{`${fault.environment}: ${fault.component}`}</td>
                {[fault.asked, fault.injected, fault.seenInForce, fault.healed, fault.seenHealed].map(
                  (at, index) => (
                    <td key={index}>{clockTime(at)}</td>
                  ),
                )}
                <td>{fault.receipts.join('; ')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </details>
  );
}
