import { medianOf } from '@backendai-e2e/results/history/spread';
import type { PageData } from '../../model/data/page-data.ts';
import { ColumnHeads } from '../elements/column-heads.tsx';
import { Sparkline } from '../elements/sparkline.tsx';

interface Series {
  suite: string;
  name: string;
  unit: string;
  values: readonly number[];
}

/** What the suites measured. Several values of one name make a line with their median and range. */
export function Measurements({ data, alive }: { data: PageData; alive: boolean }) {
  const series = seriesOf(data);
  if (series.length === 0) return null;
  return (
    <section aria-labelledby="measurements">
      <h2 id="measurements">Measurements</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must take the focus */}
      <section class="scroll" tabIndex={0} aria-label="Table of measurements">
        <table class="figures">
          <ColumnHeads
            names={['suite', 'measurement', 'median', 'lowest', 'highest', 'values', 'in order']}
          />
          <tbody>
            {series.map(({ suite, name, unit, values }) => (
              <tr key={`${suite} ${name} ${unit}`}>
                <td>{suite}</td>
                <th>{name}</th>
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
      </section>
    </section>
  );
}

function seriesOf({ suites }: PageData): Series[] {
  const found = new Map<string, { suite: string; name: string; unit: string; values: number[] }>();
  for (const suite of suites) {
    for (const { name, value, unit } of suite.measurements) {
      const key = JSON.stringify([suite.name, name, unit]);
      const entry = found.get(key) ?? { suite: suite.name, name, unit, values: [] };
      entry.values.push(value);
      found.set(key, entry);
    }
  }
  return [...found.values()];
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(4)));
}
