import type { PageData } from '../../model/data/page-data.ts';
import type { FlakyRow, IssueRow } from '../../model/data/past-data.ts';
import { stateOf } from '../../model/past/cells.ts';
import { ColumnHeads } from '../elements/column-heads.tsx';
import { ScrollRegion } from '../elements/scroll-region.tsx';
import { counted, glyphOf, toneOf } from '../elements/words.ts';

/** Tests whose results contradict each other, and known issues by the day on which they are due. */
export function FlakyBoard({ data: { past } }: { data: PageData }) {
  if (!past || past.flaky.length + past.issues.length === 0) return null;
  return (
    <section aria-labelledby="flaky">
      <h2 id="flaky">Flaky tests and known issues</h2>
      {past.flaky.length > 0 && <Flaky rows={past.flaky} more={past.moreFlaky} />}
      {past.issues.length > 0 && <Issues rows={past.issues} />}
    </section>
  );
}

function Flaky({ rows, more }: { rows: readonly FlakyRow[]; more: number }) {
  return (
    <div>
      <p>
        A test is here if it both passed and failed on the same digests. It is also here if it passed on a
        retry, or changed three times. The interval of its pass rate holds the true rate in 95 % of all cases.
      </p>
      <ScrollRegion label="Table of flaky tests">
        <table>
          <ColumnHeads
            names={[
              'test',
              'last results, newest first',
              'pass rate',
              'flips',
              'same digests',
              'retried',
              'last error',
            ]}
          />
          <tbody>
            {rows.map((row) => (
              <tr key={`${row.suite} ${row.title}`}>
                <th scope="row">
                  {row.title} <span class="facts">{row.suite}</span>
                </th>
                <td>
                  <Strip cells={row.cells} />
                </td>
                <td class="number">
                  {percent(row.share)} ({percent(row.low)} to {percent(row.high)}) of {row.runs}
                </td>
                <td class="number">{row.flips}</td>
                <td class="number">{row.disagreements}</td>
                <td class="number">{row.recovered}</td>
                <td>{row.error}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      {more > 0 && <p>{counted(more, 'more test')} are not shown.</p>}
    </div>
  );
}

/** A glyph for each result. */
function Strip({ cells }: { cells: string }) {
  const states = [...cells].map((cell) => stateOf(cell) ?? 'did not run');
  return (
    <span class="strip" role="img" aria-label={states.join(', ')}>
      {states.map((state, index) => (
        <span key={index} class={`fill-${toneOf(state)}`}>
          {glyphOf(state)}
        </span>
      ))}
    </span>
  );
}

function Issues({ rows }: { rows: readonly IssueRow[] }) {
  return (
    <div>
      <h3>Known issues by due date</h3>
      <ScrollRegion label="Table of known issues">
        <table>
          <ColumnHeads names={['due', 'known issue', 'in this run', 'tests', 'failed as listed', 'budget']} />
          <tbody>
            {rows.map((row) => (
              <tr key={row.issue}>
                <td class="number">
                  {row.until}
                  {row.overdue && <span class="tag">! overdue</span>}
                </td>
                <th scope="row">{row.issue}</th>
                <td>{row.shows ? '≈ shows' : '○ not seen'}</td>
                <td class="number">{row.tests}</td>
                <td class="number">{`${row.failed} of ${row.results}`}</td>
                <td class="number">{row.budget ? `${row.budget.most} of ${row.budget.of}` : ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </div>
  );
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
