import type { PageData } from '../model/page-data.ts';
import { StateMark } from './state-mark.tsx';
import { counted, dateTime, duration, toneOf } from './words.ts';

/** What was tested, how it ended, and what that means. */
export function VerdictBar({ data }: { data: PageData }) {
  const { counts, startedAt, finishedAt, verdict = 'no verdict' } = data;
  return (
    <header class={`bar-${toneOf(verdict)}`}>
      <h1>
        <StateMark state={verdict} /> <span class="run">{data.name}</span>
      </h1>
      <p class="exit">{data.exit ?? data.succeeded?.message ?? 'The run has not ended.'}</p>
      {counts && (
        <ul class="chips" aria-label="Tests by state">
          <li>{counted(counts.total, 'test')}</li>
          {(['passed', 'failed', 'inconclusive', 'interrupted', 'knownIssue', 'pending'] as const)
            .map((key) => [key === 'knownIssue' ? 'known-issue' : key, counts[key] ?? 0] as const)
            .filter(([, count]) => count > 0)
            .map(([state, count]) => (
              <li key={state}>
                {count} <StateMark state={state} />
              </li>
            ))}
        </ul>
      )}
      <SinceLine data={data} />
      <p class="facts">
        {counted(data.suites.length, 'suite')} in {data.environments.join(', ')}
        {data.backendAi.length > 0 && ` · Backend.AI ${data.backendAi.join(', ')}`} · {dateTime(startedAt)}
        {startedAt !== undefined &&
          finishedAt !== undefined &&
          ` · ${duration((finishedAt - startedAt) / 1000)}`}
      </p>
    </header>
  );
}

function SinceLine({ data: { since } }: { data: PageData }) {
  if (!since) return <p class="facts">There is no earlier run to compare with.</p>;
  const parts = [
    [since.broke, 'new failure'],
    [since.fixed, 'fixed test'],
    [since.stillBad, 'test that still fails'],
    [since.slower, 'slower test'],
  ] as const;
  return (
    <details class="since">
      <summary>
        Since {since.run}: {since.broke.length} new, {since.fixed.length} fixed, {since.stillBad.length} still
        failing, {since.slower.length} slower, {since.added} added, {since.gone} gone
      </summary>
      {parts
        .filter(([tests]) => tests.length > 0)
        .map(([tests, what]) => (
          <div key={what}>
            <h3>{counted(tests.length, what)}</h3>
            <ul>
              {tests.map((test) => (
                <li key={test}>{test}</li>
              ))}
            </ul>
          </div>
        ))}
      {since.digests.length > 0 && (
        <div>
          <h3>Changed components</h3>
          <ul>
            {since.digests.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </div>
      )}
    </details>
  );
}
