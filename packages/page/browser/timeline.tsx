import { scaleUtc } from 'd3-scale';
import type { PageChange, PageData, PageFault, PodLane, Window } from '../model/page-data.ts';
import { ColumnHeads } from './column-heads.tsx';
import { fitted } from './gantt-chart.tsx';
import { heightOfLanes, lanesIn, type Pace, PodRows, pacesIn } from './pod-rows.tsx';
import { type Place, placesOn, TimeAxis } from './time-axis.tsx';
import { clockTime, duration } from './words.ts';

const WIDTH = 1200;
const LEFT = 210;
const ROW = 26;
/** Rows of the drawing. The table below it has all. */
const MAX_FAULTS = 40;

const KINDS: Readonly<Record<PageChange['kind'], { glyph: string; name: string }>> = {
  restart: { glyph: '↻', name: 'restarts' },
  unready: { glyph: '▼', name: 'readiness lost' },
  ready: { glyph: '▲', name: 'readiness gained' },
  leader: { glyph: '♛', name: 'leaders' },
  warning: { glyph: '!', name: 'warnings' },
};
const KIND_NAMES = Object.keys(KINDS) as PageChange['kind'][];

const PODS_WORDS =
  'Below are the pods of components that changed. Low bars are pending or unready, high ones run or are ready. ✕ is the end.';

interface Shown {
  faults: readonly PageFault[];
  changes: readonly PageChange[];
  /** Pods of components that changed, and how busy the machine was. They are drawn once the script runs. */
  lanes: readonly PodLane[];
  paces: readonly Pace[];
  window: Window;
  /** The time of the test itself, within the window. */
  test?: Window & { title: string };
  label: string;
  /** Whether the script runs. Without it, the list below has the texts of the marks. */
  alive: boolean;
}

/** Faults as bands and changes in the cluster as marks, over time. */
export function TimelineChart({ faults, changes, lanes, paces, window, test, label, alive }: Shown) {
  const scale = scaleUtc([window.from, window.to], [LEFT, WIDTH - 90]).clamp(true);
  const place = placesOn(scale);
  const kinds = KIND_NAMES.filter((kind) => changes.some((change) => change.kind === kind));
  const bands = faults.slice(0, MAX_FAULTS);
  const rows = (test ? 1 : 0) + bands.length + kinds.length;
  const more = alive ? heightOfLanes(lanes, paces) : 0;
  if (rows * ROW + more === 0) return null;
  const height = rows * ROW + more + 28;
  const first = test ? ROW : 0;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must take the focus
    <section class="scroll" tabIndex={0} aria-label={label}>
      <svg viewBox={`0 0 ${WIDTH} ${height}`} class="chart" role="img" aria-label={label}>
        <TimeAxis scale={scale} top={0} height={height - 24} />
        {test && (
          <g>
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
        {bands.map((fault, index) => (
          <FaultBand key={fault.name} fault={fault} place={place} y={first + index * ROW} window={window} />
        ))}
        {kinds.map((kind, row) => (
          <g key={kind} transform={`translate(0 ${first + (bands.length + row) * ROW + 18})`}>
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
        {more > 0 && <PodRows lanes={lanes} paces={paces} place={place} window={window} top={rows * ROW} />}
      </svg>
    </section>
  );
}

interface Band {
  fault: PageFault;
  place: Place;
  y: number;
  window: Window;
}

/** asked → injected → seen in force → healed → seen healed. */
function FaultBand({ fault, place, y, window }: Band) {
  const { asked, injected, seenInForce, healed, seenHealed } = fault;
  const parts = [
    ['asked', asked, injected],
    ['injected', injected, seenInForce],
    ['in-force', seenInForce, healed],
    ['healed', healed, seenHealed],
  ] as const;
  const told = momentsOf(fault);
  const end = seenHealed ?? healed ?? window.to;
  return (
    <g>
      <title>{told}</title>
      <text x={4} y={y + 17} class="lane">
        {fitted(`⚡ ${fault.action} ${fault.component}`, LEFT - 12)}
      </text>
      {parts.map(([name, from, to]) => {
        if (from === undefined) return null;
        const until = to ?? window.to;
        const width = Math.max(1.5, place(until) - place(from));
        return <rect key={name} class={`band-${name}`} x={place(from)} y={y + 4} width={width} height={18} />;
      })}
      <text x={place(end) + 6} y={y + 17} class="lane">
        {recoveryOf(fault)}
      </text>
    </g>
  );
}

/** Seconds from the end of the effect to the proof of it. */
function recoveryOf({ healed, seenHealed }: PageFault): string {
  if (healed === undefined) return 'not healed';
  return seenHealed === undefined ? 'not seen healed' : `+${duration((seenHealed - healed) / 1000)}`;
}

function momentsOf({ name, asked, injected, seenInForce, healed, seenHealed }: PageFault): string {
  const moments = [
    ['asked', asked],
    ['injected', injected],
    ['seen in force', seenInForce],
    ['healed', healed],
    ['seen healed', seenHealed],
  ] as const;
  return `${name}: ${moments.map(([what, at]) => `${what} ${clockTime(at)}`).join(', ')}`;
}

/** Faults and changes of the whole run. */
export function Timeline({ data, alive }: { data: PageData; alive: boolean }) {
  const { faults, changes, deeds, gantt } = data;
  const window = { from: gantt.from, to: gantt.to };
  const within = changes.filter(({ at }) => at >= window.from && at <= window.to);
  const lanes = lanesIn(data, window);
  if (faults.length + within.length + deeds.length + lanes.length === 0) return null;
  return (
    <section aria-labelledby="timeline">
      <h2 id="timeline">Faults and changes</h2>
      <p>
        A band runs from the request through injection, effect and healing to the proof that it is over. The
        number behind it is the time from healing to that proof.
        {lanes.length > 0 &&
          ` ${PODS_WORDS} Kubernetes keeps no history of readiness: a pod that is gone counts as running.`}
      </p>
      <TimelineChart
        faults={faults}
        changes={within}
        lanes={lanes}
        paces={pacesIn(data, window)}
        window={window}
        alive={alive}
        label="Faults and changes of the run by time"
      />
      {faults.length > 0 && <FaultTable faults={faults} />}
      <details>
        <summary>{`${within.length} changes in the cluster`}</summary>
        <ul class="lines">
          {[
            ...within.map((each) => ({
              at: each.at,
              text: `${KINDS[each.kind].glyph} ${each.subject}: ${each.text}`,
            })),
            ...deeds,
          ]
            .sort((a, b) => a.at - b.at)
            .map(({ at, text }, index) => (
              <li key={`${index} ${at}`}>
                <time>{clockTime(at)}</time> {text}
              </li>
            ))}
        </ul>
      </details>
    </section>
  );
}

function FaultTable({ faults }: { faults: readonly PageFault[] }) {
  return (
    <details>
      <summary>{`${faults.length} faults with their receipts`}</summary>
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
    </details>
  );
}
