import { scaleUtc } from 'd3-scale';
import { gapsOf } from '../model/gantt.ts';
import type { Bar, Gantt, PageData } from '../model/page-data.ts';
import { placesOn, TimeAxis } from './time-axis.tsx';
import { clockTime, duration, glyphOf, toneOf } from './words.ts';

const WIDTH = 1200;
const LEFT = 130;
const ROW = 30;
/** Width of a character of a label, about. */
const CHARACTER = 6.6;

/** When each suite ran, on which slot of which environment, and what decided the end. */
export function GanttChart({ data }: { data: PageData }) {
  const { gantt } = data;
  if (gantt.lanes.length === 0) return null;
  const scale = scaleUtc([gantt.from, gantt.to], [LEFT, WIDTH - 10]);
  const place = placesOn(scale);
  const height = gantt.lanes.length * ROW + 34;
  return (
    <section aria-labelledby="gantt">
      <h2 id="gantt">When it ran</h2>
      <p>
        Each lane is a slot of an environment. <b>◆</b> marks the critical path: the suites whose end decided
        the end of the run. <b>▣</b> marks a suite that claims components for itself. Hatched gaps are idle.{' '}
        <CriticalSentence gantt={gantt} />
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must take the focus */}
      <section class="scroll" tabIndex={0} aria-label="Chart of the suites by time">
        <svg viewBox={`0 0 ${WIDTH} ${height}`} class="chart">
          <title>Suites by slot and time</title>
          <Hatch />
          <TimeAxis scale={scale} top={0} height={height - 24} />
          {gantt.lanes.map((lane, row) => (
            <g key={`${lane.environment} ${lane.slot}`}>
              <text x={4} y={row * ROW + 19} class="lane">
                {fitted(`${lane.environment} #${lane.slot}`, LEFT - 10)}
              </text>
              {gapsOf(lane.bars, gantt.from, gantt.to).map((gap) => (
                <rect
                  key={gap.from}
                  class="idle"
                  x={place(gap.from)}
                  y={row * ROW + 8}
                  width={Math.max(0, place(gap.to) - place(gap.from))}
                  height={ROW - 16}
                >
                  <title>{`idle for ${duration((gap.to - gap.from) / 1000)}`}</title>
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
      </section>
      <GanttTable gantt={gantt} />
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
  const told = `${bar.suite}, attempt ${bar.attempt}: ${verdict}, ${duration((bar.to - bar.from) / 1000)}${claims}${critical ? ', on the critical path' : ''}`;
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

function CriticalSentence({ gantt }: { gantt: Gantt }) {
  const { critical, slackSeconds, lanes } = gantt;
  const idle = lanes.reduce((sum, lane) => sum + lane.idleSeconds, 0);
  return (
    <span>
      The critical path has {critical.length} suites.
      {slackSeconds > 0 &&
        ` Shortening it by more than ${duration(slackSeconds)} brings nothing: another lane ends then.`}{' '}
      The lanes were idle for {duration(idle)} in all.
    </span>
  );
}

function GanttTable({ gantt }: { gantt: Gantt }) {
  return (
    <details>
      <summary>The same as a table</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">lane</th>
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
                <td>{`${lane.environment} #${lane.slot}`}</td>
                <th scope="row">
                  <a href={`#${bar.anchor}`}>{bar.suite}</a>
                </th>
                <td>{clockTime(bar.from)}</td>
                <td class="number">{duration((bar.to - bar.from) / 1000)}</td>
                <td>{bar.claims.join(', ')}</td>
                <td>{gantt.critical.includes(bar.anchor) ? '◆ yes' : ''}</td>
              </tr>
            )),
          )}
        </tbody>
      </table>
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
export function fitted(text: string, width: number): string {
  const room = Math.floor(width / CHARACTER);
  if (text.length <= room) return text;
  return room < 3 ? '' : `${text.slice(0, room - 1)}…`;
}
