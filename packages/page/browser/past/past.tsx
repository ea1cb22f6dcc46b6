import type { PageData } from '../../model/data/page-data.ts';
import type { PastData } from '../../model/data/past-data.ts';
import { changedParts } from '../../model/past/changes.ts';
import { ColumnHeads } from '../elements/column-heads.tsx';
import { ScrollRegion } from '../elements/scroll-region.tsx';
import { StateMark } from '../elements/state-mark.tsx';
import { dateTime, duration } from '../elements/words.ts';
import { PastGrid } from './grid.tsx';

/** Runs in the table, which needs no script. */
const TABLE_ROWS = 10;

/** The runs before this one: a table of the last, and the grid of all. */
export function Past({ data: { past }, alive }: { data: PageData; alive: boolean }) {
  if (!past) return null;
  return (
    <section aria-labelledby="history">
      <h2 id="history">History</h2>
      {alive && <PastGrid past={past} />}
      <h3>The last runs</h3>
      <ScrollRegion label="Table of the last runs">
        <table>
          <ColumnHeads
            names={[
              'verdict',
              'run',
              'started',
              'time',
              'passed',
              'bad',
              'known',
              'pace',
              'Backend.AI',
              'changed',
            ]}
          />
          <tbody>
            {past.runs.slice(0, TABLE_ROWS).map((run, place) => (
              <tr key={`${run.name} ${run.at}`}>
                <td>
                  <StateMark state={run.verdict ?? 'no verdict'} />
                </td>
                <th scope="row">{run.name}</th>
                <td>{dateTime(run.at)}</td>
                <td class="number">{run.seconds === undefined ? '–' : duration(run.seconds)}</td>
                <td class="number">{run.passed}</td>
                <td class="number">{run.bad}</td>
                <td class="number">{run.known}</td>
                <td class="number">{run.pace?.toFixed(1) ?? '–'}</td>
                <td>{run.backendAi}</td>
                <td>{changedNames(past, place)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </section>
  );
}

/** What differs from the run before, by name. */
function changedNames({ runs, parts }: PastData, place: number): string {
  const [now, before] = [runs[place], runs[place + 1]];
  if (!now || !before) return '';
  return changedParts(parts[before.parts] ?? [], parts[now.parts] ?? [])
    .map(({ name }) => name)
    .join(', ');
}
