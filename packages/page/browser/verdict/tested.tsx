import type { PageData, TestedPart } from '../../model/data/page-data.ts';
import { ScrollRegion } from '../elements/scroll-region.tsx';
import { duration } from '../elements/words.ts';

/** Versions and digests, the phases of the job, and what is not on the page. */
export function Tested({ data: { tested, phases, clocks, missing } }: { data: PageData }) {
  return (
    <section aria-labelledby="tested">
      <h2 id="tested">What was tested</h2>
      {tested.length === 0 && <p>The results do not say it: an older version wrote them.</p>}
      {tested.length > 0 && (
        <ScrollRegion label="Table of versions">
          <table>
            <thead>
              <tr>
                <th scope="col">component</th>
                <th scope="col">version</th>
                <th scope="col">digest</th>
                <th scope="col">environments</th>
              </tr>
            </thead>
            <tbody>
              {rowsOf(tested).map(({ what, version, digest, environments }) => (
                <tr key={`${what} ${version} ${digest}`}>
                  <th scope="row">{what}</th>
                  <td>{version}</td>
                  <td class="digest">{digest}</td>
                  <td>{environments.join(', ')}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollRegion>
      )}
      {phases.length > 0 && (
        <p>
          Phases of the job: {phases.map(({ name, seconds }) => `${name} ${duration(seconds)}`).join(' · ')}
        </p>
      )}
      {clocks.length > 0 && <p>{clocks.join(' ')}</p>}
      {missing.length > 0 && (
        <details>
          <summary>What this page does not have</summary>
          <ul>
            {missing.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

interface TestedRow extends TestedPart {
  /** Where it was tested; empty for what all environments share. */
  environments: string[];
}

/** One row for equal parts of several environments. A digest is shown from its algorithm on. */
function rowsOf(tested: readonly TestedPart[]): TestedRow[] {
  const rows = new Map<string, TestedRow>();
  for (const { what, version, digest, environment } of tested) {
    const shown = digest.slice(digest.indexOf('@') + 1);
    const key = JSON.stringify([what, version, shown]);
    const row = rows.get(key) ?? { what, version, digest: shown, environments: [] };
    if (environment) row.environments.push(environment);
    rows.set(key, row);
  }
  return [...rows.values()];
}
