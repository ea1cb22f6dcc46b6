import { scaleUtc } from 'd3-scale';
import type { Bar, Gantt, Gap, Lane, PageData } from '../../model/data/page-data.ts';
import { ScrollRegion } from '../elements/scroll-region.tsx';
import { clockTime, duration, glyphOf, toneOf } from '../elements/words.ts';
import { placesOn, TimeAxis } from './time-axis.tsx';

const WIDTH = 1200;
const LEFT = 130;
const ROW = 30;
/** Width of a character of a label, about. */
const CHARACTER = 6.6;
/** Gaps in the list: the longest. Without the script, the file is to stay small. */
const MOST_GAPS = { alive: 20, still: 4 } as const;

/** When each suite ran, on which slot of which environment, and what decided the end. */
export function GanttChart({ data, alive }: { data: PageData; alive: boolean }) {
  const { gantt } = data;
  if (gantt.lanes.length === 0) return null;
  const scale = scaleUtc([gantt.from, gantt.to], [LEFT, WIDTH - 10]);
  const place = placesOn(scale);
  const height = gantt.lanes.length * ROW + 34;
  return (
    <section aria-labelledby="gantt">
      <h2 id="gantt">When it ran</h2>
      <p>
        Each row is a slot of an environment. <b>◆</b> marks the critical path: the suites whose end decided
        the end of the run. <b>▣</b> marks a suite that claims components for itself. <b>◔</b> marks rows of
        suites that mostly wait, which take no slot. Hatched gaps are idle. <CriticalSentence gantt={gantt} />
      </p>
      <ScrollRegion label="Chart of the suites by time">
        <svg viewBox={`0 0 ${WIDTH} ${height}`} class="chart">
          <title>Suites by slot and time</title>
          <Hatch />
          <TimeAxis scale={scale} top={0} height={height - 24} />
          {gantt.lanes.map((lane, row) => (
            <g key={`${lane.environment} ${lane.slot}`}>
              <text x={4} y={row * ROW + 19} class="lane">
                {fitted(laneName(lane), LEFT - 10)}
              </text>
              {lane.gaps.map((gap) => (
                <rect
                  key={gap.from}
                  class="idle"
                  x={place(gap.from)}
                  y={row * ROW + 8}
                  width={Math.max(0, place(gap.to) - place(gap.from))}
                  height={ROW - 16}
                >
                  {alive && <title>{gapWords(gap)}</title>}
                </rect>
              ))}
              {lane.bars.map((bar) => (
                <BarLink
                  key={`${bar.anchor} ${bar.attempt}`}
                  bar={bar}
                  x={place(bar.from)}
                  width={Math.max(2, place(bar.to) - place(bar.from))}
                  y={row * ROW + 3}
                  critical={gantt.critical.includes(bar.anchor)}
                />
              ))}
            </g>
          ))}
        </svg>
      </ScrollRegion>
      <GanttTable gantt={gantt} />
      <GapList gantt={gantt} alive={alive} />
    </section>
  );
}

interface Placed {
  bar: Bar;
  x: number;
  y: number;
  width: number;
  critical: boolean;
}

function BarLink({ bar, x, y, width, critical }: Placed) {
  const verdict = bar.verdict ?? 'Running';
  const claims = bar.claims.length > 0 ? `, claims ${bar.claims.join(', ')}` : '';
  const told = `${bar.suite}, attempt ${bar.attempt}: ${verdict}, ${duration(lengthOf(bar))}${claims}${critical ? ', on the critical path' : ''}`;
  const label = `${critical ? '◆' : ''}${glyphOf(verdict)}${claims ? '▣' : ''} ${bar.suite}`;
  return (
    <a href={`#${bar.anchor}`}>
      <title>{told}</title>
      <rect
        class={`run-${toneOf(verdict)}${critical ? ' critical' : ''}`}
        x={x}
        y={y}
        width={width}
        height={ROW - 6}
        rx={3}
      />
      <text x={x + 5} y={y + 16} class="on-bar">
        {fitted(label, width - 8)}
      </text>
    </a>
  );
}

/** The name of a lane: its environment and its slot. */
function laneName({ environment, slot, waits }: Lane): string {
  return `${waits ? '◔ ' : ''}${environment} #${slot}`;
}

function gapWords(gap: Gap): string {
  return `idle for ${duration(lengthOf(gap))}: ${gap.why}`;
}

function lengthOf({ from, to }: { from: number; to: number }): number {
  return (to - from) / 1000;
}

const IDLE_REASONS = [
  ['claims', 'because suites cannot run side by side'],
  ['start', 'before suites began'],
  ['end', 'with no suite left'],
] as const;

function CriticalSentence({ gantt }: { gantt: Gantt }) {
  const { critical, gains, lanes } = gantt;
  const gaps = lanes.flatMap((lane) => lane.gaps);
  const idle = (kind?: Gap['kind']) =>
    gaps.filter((gap) => !kind || gap.kind === kind).reduce((sum, gap) => sum + lengthOf(gap), 0);
  const reasons = IDLE_REASONS.filter(([kind]) => idle(kind) > 0).map(
    ([kind, words]) => `${duration(idle(kind))} ${words}`,
  );
  const best = Math.max(...gains);
  const bar = lanes
    .flatMap(({ bars }) => bars)
    .find(({ anchor }) => anchor === critical[gains.indexOf(best)]);
  return (
    <span>
      The critical path has {critical.length} suites.{' '}
      {best >= 1 && bar ? (
        <span>
          Most would come from a shorter <a href={`#${bar.anchor}`}>{bar.suite}</a>: up to {duration(best)}.
        </span>
      ) : (
        'To shorten one of them alone brings nothing.'
      )}{' '}
      The slots were idle for {duration(idle())} in all{reasons.length > 0 && `: ${reasons.join(', ')}`}.
    </span>
  );
}

function GanttTable({ gantt }: { gantt: Gantt }) {
  return (
    <details>
      <summary>The same as a table</summary>
      <ScrollRegion label="Table of attempts by time">
        <table>
          <thead>
            <tr>
              <th scope="col">slot</th>
              <th scope="col">suite</th>
              <th scope="col">start (UTC)</th>
              <th scope="col">time</th>
              <th scope="col">claims</th>
              <th scope="col">critical</th>
            </tr>
          </thead>
          <tbody>
            {gantt.lanes.flatMap((lane) =>
              lane.bars.map((bar) => (
                <tr key={`${bar.anchor} ${bar.attempt} ${bar.from}`}>
                  <td>{laneName(lane)}</td>
                  <th scope="row">
                    <a href={`#${bar.anchor}`}>{bar.suite}</a>
                  </th>
                  <td>{clockTime(bar.from)}</td>
                  <td class="number">{duration(lengthOf(bar))}</td>
                  <td>{bar.claims.join(', ')}</td>
                  <td>{criticalWords(gantt, bar)}</td>
                </tr>
              )),
            )}
          </tbody>
        </table>
      </ScrollRegion>
    </details>
  );
}

/** Whether the suite is on the critical path, and what a run without it would gain. */
function criticalWords({ critical, gains }: Gantt, { anchor }: Bar): string {
  const place = critical.indexOf(anchor);
  if (place < 0) return '';
  const gain = gains[place] ?? 0;
  return gain >= 1 ? `◆ brings up to ${duration(gain)}` : '◆ brings nothing alone';
}

/** The longest gaps, and why nothing ran. */
function GapList({ gantt: { lanes }, alive }: { gantt: Gantt; alive: boolean }) {
  const gaps = lanes
    .flatMap((lane) => lane.gaps.map((gap) => ({ lane, gap })))
    .sort((one, other) => lengthOf(other.gap) - lengthOf(one.gap));
  if (gaps.length === 0) return null;
  return (
    <details>
      <summary>{`The longest of ${gaps.length} idle gaps, and why`}</summary>
      <ul class="lines">
        {gaps.slice(0, alive ? MOST_GAPS.alive : MOST_GAPS.still).map(({ lane, gap }) => (
          <li key={`${laneName(lane)} ${gap.from}`}>
            <time>{clockTime(gap.from)}</time> <b>{laneName(lane)}</b> {gapWords(gap)}
          </li>
        ))}
      </ul>
    </details>
  );
}

/** The stripes of idle time. */
function Hatch() {
  return (
    <defs>
      <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <line x1="0" y1="0" x2="0" y2="6" class="hatch" />
      </pattern>
    </defs>
  );
}

/** The text as far as it fits into a width of the drawing. */
function fitted(text: string, width: number): string {
  const room = Math.floor(width / CHARACTER);
  if (text.length <= room) return text;
  return room < 3 ? '' : `${text.slice(0, room - 1)}…`;
}
