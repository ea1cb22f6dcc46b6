import { useMemo } from 'preact/hooks';
import type { PastData } from '../../model/data/past-data.ts';
import { neighboursOf } from '../../model/past/neighbours.ts';
import { counted, dateTime, duration } from '../elements/words.ts';
import { type Chosen, pastTests } from '../state/past-state.ts';

/** A run beside the one before it: what broke, what became slower, and what else changed. */
export function Comparison({ past, chosen: { run, suite } }: { past: PastData; chosen: Chosen }) {
  const tests = pastTests.value;
  const found = useMemo(() => tests && neighboursOf(past, tests, run, suite), [past, tests, run, suite]);
  const name = suite === undefined ? 'All suites' : (past.suites[suite]?.name ?? '');
  return (
    <section class="compare" aria-live="polite" aria-labelledby="compare">
      <h3 id="compare">
        {name} in {past.runs[run]?.name}
      </h3>
      {!found && <p>No earlier run of the history ran it.</p>}
      {found && (
        <div>
          <p class="facts">
            Compared with {found.before.name}, {dateTime(found.before.at)}. The machine's pace was{' '}
            {found.before.pace?.toFixed(1) ?? 'unknown'}, then {found.after.pace?.toFixed(1) ?? 'unknown'}.
          </p>
          {(
            [
              ['broke', '✘', found.changed.broke],
              ['fixed', '✔', found.changed.fixed],
              ['still fails', '✘', found.changed.stillBad],
              ['slower', '▲', found.changed.slower],
            ] as const
          )
            .filter(([, , changes]) => changes.length > 0)
            .map(([what, glyph, changes]) => (
              <div key={what}>
                <h4>
                  <span aria-hidden="true">{glyph}</span> {what} ({changes.length})
                </h4>
                <ul>
                  {changes.map((change) => (
                    <li key={`${change.suite} ${change.file} ${change.title}`}>
                      {suite === undefined && <b>{change.suite}: </b>}
                      {change.title}{' '}
                      <span class="times">
                        {duration(change.secondsBefore ?? 0)} → {duration(change.secondsAfter ?? 0)}
                      </span>
                      {what !== 'slower' && what !== 'fixed' && (
                        <code>{found.errors.get(`${change.suite}\n${change.title}`) ?? ''}</code>
                      )}
                    </li>
                  ))}
                </ul>
              </div>
            ))}
          <p>
            {counted(found.changed.broke.length, 'test')} broke, {found.changed.fixed.length} fixed,{' '}
            {found.changed.added.length} added, {found.changed.gone.length} gone.
          </p>
          <Parts parts={found.parts} />
        </div>
      )}
    </section>
  );
}

/** What has another version or digest. */
export function Parts({ parts }: { parts: readonly { name: string; from: string; to: string }[] }) {
  if (parts.length === 0) return <p>No version and no digest changed.</p>;
  return (
    <div>
      <h4>Changed components</h4>
      <ul>
        {parts.map(({ name, from, to }) => (
          <li key={name}>
            <b>{name}</b> <span class="digest">{`${from} → ${to}`}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
