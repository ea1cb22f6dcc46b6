import type { PageData } from '../../model/data/page-data.ts';
import type { Trend } from '../../model/data/past-data.ts';
import { ColumnHeads } from '../elements/column-heads.tsx';
import { OnDemand } from '../elements/on-demand.tsx';
import { ScrollRegion } from '../elements/scroll-region.tsx';
import { Sparkline } from '../elements/sparkline.tsx';
import { counted } from '../elements/words.ts';

/** Durations and measurements over the last runs, with median and spread. */
export function Trends({ data: { past }, alive }: { data: PageData; alive: boolean }) {
  if (!past || past.trends.length === 0) return null;
  const durations = past.trends.filter(({ kind }) => kind === 'suite');
  const measured = past.trends.filter(({ kind }) => kind === 'measurement');
  return (
    <section aria-labelledby="trends">
      <h2 id="trends">Trends</h2>
      <p>
        The band behind a line holds the middle half of the earlier values. <b>▲</b> marks a value beyond the
        gate: the median, plus three deviations, at least a quarter. It needs five earlier runs.
      </p>
      <Rows rows={durations.toSorted(byBeyond)} alive={alive} label="Durations of suites" />
      {alive && measured.length > 0 && (
        <OnDemand
          summary={`${counted(measured.length, 'measurement')} over the last runs`}
          draw={() => (
            <Rows rows={measured.toSorted(byBeyond)} alive label="Measurements over the last runs" />
          )}
        />
      )}
    </section>
  );
}

function Rows({ rows, label, alive }: { rows: readonly Trend[]; label: string; alive: boolean }) {
  if (rows.length === 0) return null;
  return (
    <ScrollRegion label={label}>
      <table class="figures">
        <ColumnHeads names={['suite', 'what', 'now', 'median', 'middle half', 'gate', 'oldest to newest']} />
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.suite} ${row.name} ${row.unit}`}>
              <th scope="row">{row.suite}</th>
              <td>{row.name}</td>
              <td>
                {row.beyond && <b class="bad">▲ </b>}
                {rounded(row.values.at(-1) ?? 0)} {row.unit}
              </td>
              <td>{rounded(row.median)}</td>
              <td>{`${rounded(row.low)} to ${rounded(row.high)}`}</td>
              <td>{row.limit === undefined ? '–' : rounded(row.limit)}</td>
              <td>{alive && <Sparkline values={row.values} band={row} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}

function byBeyond(a: Trend, b: Trend): number {
  return Number(b.beyond) - Number(a.beyond);
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(4)));
}
