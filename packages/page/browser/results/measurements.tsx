import { medianOf } from '@backendai-e2e/results/history/spread';
import type { PageData } from '../../model/data/page-data.ts';
import { ColumnHeads } from '../elements/column-heads.tsx';
import { ScrollRegion } from '../elements/scroll-region.tsx';
import { Sparkline } from '../elements/sparkline.tsx';
import { clockTime } from '../elements/words.ts';

interface Series {
  suite: string;
  name: string;
  unit: string;
  values: readonly number[];
  /** When the first and the last of them was measured, where the record says so. */
  at: readonly number[];
}

/** What the suites measured. Several values of one name make a line with their median and range. */
export function Measurements({ data, alive }: { data: PageData; alive: boolean }) {
  const series = seriesOf(data);
  if (series.length === 0) return null;
  const timed = series.some(({ at }) => at.length > 0);
  return (
    <section aria-labelledby="measurements">
      <h2 id="measurements">Measurements</h2>
      <ScrollRegion label="Table of measurements">
        <table class="figures">
          <ColumnHeads
            names={[
              ...['suite', 'measurement', ...(timed ? ['measured at'] : [])],
              ...['median', 'lowest', 'highest', 'values', 'in order'],
            ]}
          />
          <tbody>
            {series.map(({ suite, name, unit, values, at }) => (
              <tr key={`${suite} ${name} ${unit}`}>
                <td>{suite}</td>
                <th>{name}</th>
                {timed && <td>{momentsOf(at)}</td>}
                <td>{`${rounded(medianOf(values) ?? 0)} ${unit}`}</td>
                {values.length > 1 && (
                  <>
                    <td>{rounded(Math.min(...values))}</td>
                    <td>{rounded(Math.max(...values))}</td>
                    <td>{values.length}</td>
                    <td>{alive && <Sparkline values={values} />}</td>
                  </>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </section>
  );
}

function seriesOf({ suites }: PageData): Series[] {
  const found = new Map<string, Series & { values: number[]; at: number[] }>();
  for (const suite of suites) {
    for (const { name, value, unit, at } of suite.measurements) {
      const key = JSON.stringify([suite.name, name, unit]);
      const entry = found.get(key) ?? { suite: suite.name, name, unit, values: [], at: [] };
      entry.values.push(value);
      if (at !== undefined) entry.at.push(at);
      found.set(key, entry);
    }
  }
  return [...found.values()];
}

/** "01:00:05", or the first and the last of several moments. */
function momentsOf(at: readonly number[]): string {
  const [first, last] = [at[0], at.at(-1)].map((each) => clockTime(each).slice(0, 8));
  return first === last ? `${first}` : `${first} – ${last}`;
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(4)));
}
