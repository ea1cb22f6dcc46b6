import type { PageData } from '../model/page-data.ts';
import { Sparkline } from './sparkline.tsx';

interface Series {
  suite: string;
  name: string;
  unit: string;
  values: readonly number[];
}

/** What the suites measured. Several values of one name make a line with their median and range. */
export function Measurements({ data }: { data: PageData }) {
  const series = seriesOf(data);
  if (series.length === 0) return null;
  return (
    <section aria-labelledby="measurements">
      <h2 id="measurements">Measurements</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must take the focus */}
      <section class="scroll" tabIndex={0} aria-label="Table of measurements">
        <table>
          <thead>
            <tr>
              <th scope="col">suite</th>
              <th scope="col">measurement</th>
              <th scope="col">median</th>
              <th scope="col">lowest</th>
              <th scope="col">highest</th>
              <th scope="col">values</th>
              <th scope="col">in order</th>
            </tr>
          </thead>
          <tbody>
            {series.map(({ suite, name, unit, values }) => (
              <tr key={`${suite} ${name} ${unit}`}>
                <td>{suite}</td>
                <th scope="row">{name}</th>
                <td class="number">{`${rounded(medianOf(values))} ${unit}`}</td>
                <td class="number">{rounded(Math.min(...values))}</td>
                <td class="number">{rounded(Math.max(...values))}</td>
                <td class="number">{values.length}</td>
                <td>{values.length > 1 && <Sparkline values={values} />}</td>
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

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(4)));
}
