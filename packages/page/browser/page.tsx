import { signal } from '@preact/signals';
import type { PageData } from '../model/page-data.ts';
import { Failures } from './failures.tsx';
import { GanttChart } from './gantt-chart.tsx';
import { Logs } from './logs.tsx';
import { Measurements } from './measurements.tsx';
import { Suites } from './suites.tsx';
import { Tested } from './tested.tsx';
import { Timeline } from './timeline.tsx';
import { VerdictBar } from './verdict-bar.tsx';

/** Whether the script runs. Before that, the page has no controls that would do nothing. */
export const alive = signal(false);

const SECTIONS = [
  ['failures', 'Failures'],
  ['suites', 'Suites'],
  ['gantt', 'When it ran'],
  ['timeline', 'Faults and changes'],
  ['measurements', 'Measurements'],
  ['logs', 'Logs'],
  ['tested', 'What was tested'],
] as const;

/** The whole page, in the order of worth. */
export function Page({ data }: { data: PageData }) {
  const isAlive = alive.value;
  const absent: Partial<Record<(typeof SECTIONS)[number][0], boolean>> = {
    failures: data.failures.length === 0,
    gantt: data.gantt.lanes.length === 0,
    timeline: data.faults.length + data.changes.length + data.deeds.length === 0,
    measurements: data.suites.every(({ measurements }) => measurements.length === 0),
  };
  return (
    <div>
      <VerdictBar data={data} />
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
        <GanttChart data={data} />
        <Timeline data={data} />
        <Measurements data={data} />
        <Logs data={data} alive={isAlive} />
        <Tested data={data} />
      </main>
    </div>
  );
}
