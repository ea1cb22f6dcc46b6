import { signal } from '@preact/signals';
import type { PageData, PageSuite, PageTest } from '../../model/data/page-data.ts';
import { ScrollRegion } from '../elements/scroll-region.tsx';
import { StateMark } from '../elements/state-mark.tsx';
import { clockTime, counted, duration } from '../elements/words.ts';

const query = signal('');
const onlyBad = signal(false);

/** The table of suites. Each opens to its tests. */
export function Suites({ data, alive }: { data: PageData; alive: boolean }) {
  const words = query.value.toLowerCase();
  const shown = data.suites.filter(
    (suite) => (!onlyBad.value || suite.verdict !== 'Passed') && (words === '' || matches(suite, words)),
  );
  return (
    <section aria-labelledby="suites">
      <h2 id="suites">Suites</h2>
      {alive && (
        <p class="controls">
          <label>
            Find{' '}
            <input
              type="search"
              value={query.value}
              onInput={(event) => {
                query.value = event.currentTarget.value;
              }}
            />
          </label>{' '}
          <label>
            <input
              type="checkbox"
              checked={onlyBad.value}
              onChange={(event) => {
                onlyBad.value = event.currentTarget.checked;
              }}
            />{' '}
            Hide suites that passed
          </label>{' '}
          <output>{counted(shown.length, 'suite')}</output>
        </p>
      )}
      <ScrollRegion label="Table of suites">
        <table>
          <thead>
            <tr>
              <th scope="col">verdict</th>
              <th scope="col">suite</th>
              <th scope="col">environment</th>
              <th scope="col">tests</th>
              <th scope="col">time</th>
              <th scope="col">attempt</th>
            </tr>
          </thead>
          {shown.map((suite) => (
            <SuiteRows key={suite.anchor} suite={suite} alive={alive} />
          ))}
        </table>
      </ScrollRegion>
    </section>
  );
}

function SuiteRows({ suite, alive }: { suite: PageSuite; alive: boolean }) {
  return (
    <tbody id={suite.anchor}>
      <tr>
        <td>
          <StateMark state={suite.verdict ?? suite.state} />
        </td>
        <th scope="row">{suite.name}</th>
        <td>{suite.environment}</td>
        <td class="number">{suite.tests.length + (suite.leftOut ?? 0)}</td>
        <td class="number">{suite.seconds === undefined ? '–' : duration(suite.seconds)}</td>
        <td class="number">{suite.attempt}</td>
      </tr>
      <tr class="inner">
        <td colSpan={6}>
          {(suite.reason || suite.message) && (
            <p class="why">{[suite.reason, suite.message].filter(Boolean).join(': ')}</p>
          )}
          <details>
            <summary>
              {counted(suite.tests.length + (suite.leftOut ?? 0), 'test')}
              {suite.hooks.length > 0 && `, ${counted(suite.hooks.length, 'long hook')}`}
              <span class="hidden"> of {suite.name}</span>
            </summary>
            {suite.description && <p>{suite.description}</p>}
            <ol class="tests">
              {suite.tests.map((test, index) => (
                <TestLine key={`${index} ${test.title}`} test={test} />
              ))}
            </ol>
            {suite.leftOut && (
              <p>{counted(suite.leftOut, 'test')} passed. The script of this page shows them.</p>
            )}
            {suite.hooks.length > 0 && (
              <ul class="tests">
                {suite.hooks.map((hook, index) => (
                  <li key={`${index} ${hook.title}`}>
                    hook: {hook.title} <Times {...hook} />
                  </li>
                ))}
              </ul>
            )}
            {alive && suite.waits && (
              <ul class="tests waits">
                {suite.waits.map(({ title, what, seconds, times }, index) => (
                  <li key={`${index} ${title}`}>
                    waited for {what}{' '}
                    <small>
                      {duration(seconds)} in {counted(times, 'wait')} of {title}
                    </small>
                  </li>
                ))}
              </ul>
            )}
          </details>
        </td>
      </tr>
    </tbody>
  );
}

function TestLine({ test }: { test: PageTest }) {
  return (
    <li>
      <StateMark state={test.state} />{' '}
      {test.failure ? <a href={`#${test.failure}`}>{test.title}</a> : test.title} <Times {...test} />
      {test.leftOut && <p class="why">{test.leftOut}</p>}
    </li>
  );
}

function Times({ startedAt, seconds }: { startedAt?: number; seconds: number }) {
  return (
    <small>
      {duration(seconds)}
      {startedAt !== undefined && ` from ${clockTime(startedAt)}`}
    </small>
  );
}

function matches(suite: PageSuite, words: string): boolean {
  return [suite.name, ...suite.tests.map(({ title }) => title)].some((text) =>
    text.toLowerCase().includes(words),
  );
}
