import { signal } from '@preact/signals';
import type { PageData } from '../model/data/page-data.ts';
import { FlakyBoard } from './past/flaky-board.tsx';
import { Past } from './past/past.tsx';
import { Trends } from './past/trends.tsx';
import { Failures } from './results/failures.tsx';
import { Logs } from './results/logs.tsx';
import { Measurements } from './results/measurements.tsx';
import { Suites } from './results/suites.tsx';
import { showTime } from './state/log-state.ts';
import { GanttChart } from './timeline/gantt-chart.tsx';
import { Timeline } from './timeline/timeline.tsx';
import { LiveBar } from './verdict/live.tsx';
import { ProofBoard } from './verdict/proof.tsx';
import { Tested } from './verdict/tested.tsx';
import { VerdictBar } from './verdict/verdict-bar.tsx';

/** Whether the script runs. Before that, the page has no controls that would do nothing. */
export const alive = signal(false);

const SECTIONS = [
  ['failures', 'Failures'],
  ['suites', 'Suites'],
  ['history', 'History'],
  ['flaky', 'Flaky tests'],
  ['gantt', 'When it ran'],
  ['timeline', 'Faults and changes'],
  ['measurements', 'Measurements'],
  ['trends', 'Trends'],
  ['proof', 'Proof'],
  ['logs', 'Logs'],
  ['tested', 'What was tested'],
] as const;

/** The whole page, in the order of worth. */
export function Page({ data }: { data: PageData }) {
  const isAlive = alive.value;
  const absent: Partial<Record<(typeof SECTIONS)[number][0], boolean>> = {
    failures: data.failures.length === 0,
    history: !data.past,
    proof: !data.proof,
    flaky: !data.past || data.past.flaky.length + data.past.issues.length === 0,
    trends: !data.past || data.past.trends.length === 0,
    gantt: data.gantt.lanes.length === 0,
    timeline: data.faults.length + data.changes.length + data.deeds.length === 0,
    measurements: data.suites.every(({ measurements }) => measurements.length === 0),
  };
  return (
    <div>
      <VerdictBar data={data} />
      <LiveBar data={data} alive={isAlive} />
      <nav aria-label="Parts of this page">
        {SECTIONS.filter(([id]) => !absent[id]).map(([id, name]) => (
          <a key={id} href={`#${id}`}>
            {name}
          </a>
        ))}
      </nav>
      <main>
        <Failures data={data} alive={isAlive} />
        <Suites data={data} alive={isAlive} />
        <Past data={data} alive={isAlive} />
        <FlakyBoard data={data} />
        <GanttChart data={data} alive={isAlive} />
        <Timeline
          data={data}
          alive={isAlive}
          onTime={isAlive && data.logs.length > 0 ? showTime : undefined}
        />
        <Measurements data={data} alive={isAlive} />
        <Trends data={data} alive={isAlive} />
        <ProofBoard data={data} alive={isAlive} />
        <Logs data={data} alive={isAlive} />
        <Tested data={data} />
      </main>
    </div>
  );
}
