import type { PageData } from '../../model/data/page-data.ts';
import { StateMark } from '../elements/state-mark.tsx';
import { counted, dateTime, duration, toneOf } from '../elements/words.ts';
import { Parts } from '../past/comparison.tsx';

/** What was tested, how it ended, and what that means. */
export function VerdictBar({ data }: { data: PageData }) {
  const { counts, startedAt, finishedAt, verdict = data.live ? 'Running' : 'no verdict' } = data;
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
        {data.backendAi.length > 0 && ` · Backend.AI ${data.backendAi.join(', ')}`}
        <Digests data={data} /> · {dateTime(startedAt)}
        {startedAt !== undefined &&
          finishedAt !== undefined &&
          ` · ${duration((finishedAt - startedAt) / 1000)}`}
      </p>
    </header>
  );
}

/** The commit of the tests, and where the digests are. */
function Digests({ data: { tested } }: { data: PageData }) {
  const commit = tested.find(({ what }) => what === 'command')?.digest ?? '';
  const digests = new Set(tested.map(({ digest }) => digest).filter((one) => one.includes('sha256:')));
  return (
    <>
      {commit !== '' && ` · tests of commit ${commit.slice(0, 12)}`}
      {digests.size > 0 && (
        <>
          {' · '}
          <a href="#tested">{counted(digests.size, 'image')} by digest</a>
        </>
      )}
    </>
  );
}

function SinceLine({ data: { since } }: { data: PageData }) {
  if (!since) return <p class="facts">There is no earlier run to compare with.</p>;
  const parts = [
    ['✘', 'new', since.broke],
    ['✘', 'still broken', since.stillBad],
    ['✔', 'fixed', since.fixed],
    ['≈', 'known', since.known],
    ['~', 'flaky', since.flaky],
    ['▲', 'slower', since.slower],
  ] as const;
  return (
    <details class="since">
      <summary>
        Since {since.run}:{' '}
        {parts.map(([glyph, what, tests], index) => (
          <span key={what}>
            {index > 0 && ', '}
            <span aria-hidden="true">{glyph}</span> {tests.length} {what}
          </span>
        ))}
      </summary>
      <p class="facts">
        {since.run} began on {dateTime(since.at)}. {counted(since.added, 'test')} came, {since.gone} went.
      </p>
      {parts
        .filter(([, , tests]) => tests.length > 0)
        .map(([, what, tests]) => (
          <div key={what}>
            <h3>
              {what} ({tests.length})
            </h3>
            <ul>
              {tests.map((test, index) => (
                <li key={`${index} ${test}`}>{test}</li>
              ))}
            </ul>
          </div>
        ))}
      <Parts parts={since.parts} />
    </details>
  );
}
