import { splitFailure } from '@backendai-e2e/results/exchanges';
import { useState } from 'preact/hooks';
import type { PageData, PageFailure } from '../../model/data/page-data.ts';
import type { PastData } from '../../model/data/past-data.ts';
import { changedParts } from '../../model/past/changes.ts';
import { latenciesIn, requestsOf } from '../../model/timeline/latency.ts';
import { StateMark } from '../elements/state-mark.tsx';
import { clockTime, counted, dateTime, duration } from '../elements/words.ts';
import { Parts } from '../past/comparison.tsx';
import { showTime } from '../state/log-state.ts';
import { lanesIn, pacesIn } from '../timeline/pod-rows.tsx';
import { LATENCY_WORDS, TimelineChart } from '../timeline/timeline.tsx';

/** Milliseconds around a failure that its timeline shows. */
const AROUND_MS = 20_000;
/** Candidates that are open. */
const FIRST_CAUSES = 2;
/** Lines of the error of a failure that is closed. */
const SHORT_LINES = 2;

/** Each failure with all that is known about its time. The anchor of each is its permanent link. */
export function Failures({ data, alive }: { data: PageData; alive: boolean }) {
  if (data.failures.length === 0) return null;
  const known = data.failures.filter(({ state }) => state === 'known-issue').length;
  const fresh = data.failures.length - known;
  return (
    <section aria-labelledby="failures">
      <h2 id="failures">
        {counted(fresh, 'failure')}
        {known > 0 && `, ${counted(known, 'known issue')}`}
      </h2>
      {data.failures.map((failure) => (
        <Failure key={failure.anchor} failure={failure} data={data} alive={alive} />
      ))}
    </section>
  );
}

function Failure({ failure, data, alive }: { failure: PageFailure; data: PageData; alive: boolean }) {
  const isFresh = failure.state !== 'known-issue';
  const [isOpen, setOpen] = useState(isFresh);
  return (
    <article id={failure.anchor} class="failure">
      <details open={isFresh} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <StateMark state={failure.state} /> {failure.title}
        </summary>
        <p class="facts">
          <a href={`#${failure.suiteAnchor}`}>{failure.suite}</a> in {failure.environment} · {failure.file} ·{' '}
          {duration(failure.seconds)} · <a href={`#${failure.anchor}`}>permanent link</a>
        </p>
        {/* What is closed is drawn in short, until someone opens it: most runs have many known issues. */}
        <ErrorText error={isOpen ? splitFailure(failure.error).message : shortened(failure.error)} />
        {isOpen && <Details failure={failure} data={data} alive={alive} />}
      </details>
    </article>
  );
}

function Details({ failure, data, alive }: { failure: PageFailure; data: PageData; alive: boolean }) {
  return (
    <div>
      <Causes failure={failure} />
      <Surroundings failure={failure} data={data} alive={alive} />
      <Requests failure={failure} />
      <FirstBadRun failure={failure} past={data.past} />
      <Alarms failure={failure} green={data.green} alive={alive && data.logs.length > 0} />
      {failure.same.length > 0 && (
        <p>
          The same error:{' '}
          {failure.same.map((anchor, index) => (
            <span key={anchor}>
              {index > 0 && ', '}
              <a href={`#${anchor}`}>{titleOf(data, anchor)}</a>
            </span>
          ))}
        </p>
      )}
    </div>
  );
}

/** What the test asked before it failed, and the stack. */
function Requests({ failure: { error } }: { failure: PageFailure }) {
  const { requests } = splitFailure(error);
  if (requests === '') return null;
  return (
    <details>
      <summary>Its last requests and answers</summary>
      <ErrorText error={requests} />
    </details>
  );
}

/** The first lines of an error: its message, without requests and stack. */
function shortened(error: string): string {
  return error.split('\n').slice(0, SHORT_LINES).join('\n');
}

function titleOf({ failures }: PageData, anchor: string): string {
  return failures.find((each) => each.anchor === anchor)?.title ?? anchor;
}

/** The error with its difference and its exchanges. Lines that a difference adds or lacks have a color of their own. */
function ErrorText({ error }: { error: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must take the focus
    <pre class="error" tabIndex={0}>
      {error.split('\n').map((line, index) => {
        const side = /^\s*\+/.test(line) ? 'plus' : /^\s*-(?!-)/.test(line) ? 'minus' : '';
        return (
          <span key={index} class={side}>
            {line}
            {'\n'}
          </span>
        );
      })}
    </pre>
  );
}

function Causes({ failure: { causes } }: { failure: PageFailure }) {
  if (causes.length === 0) return null;
  const others = causes.slice(FIRST_CAUSES);
  return (
    <div>
      <h3>First cause</h3>
      <CauseList causes={causes.slice(0, FIRST_CAUSES)} from={1} />
      {others.length > 0 && (
        <details>
          <summary>{counted(others.length, 'weaker candidate')}</summary>
          <CauseList causes={others} from={FIRST_CAUSES + 1} />
        </details>
      )}
    </div>
  );
}

function CauseList({ causes, from }: { causes: PageFailure['causes']; from: number }) {
  return (
    <ol class="causes" start={from}>
      {causes.map(({ component, weight, evidence }) => (
        <li key={component}>
          <b>{component}</b> <span class="facts">weight {weight}</span>
          <ul>
            {evidence.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </li>
      ))}
    </ol>
  );
}

/** Since which run it fails, and what that run had that the last good one did not. */
function FirstBadRun({ failure: { firstBad }, past }: { failure: PageFailure; past: PastData | undefined }) {
  const first = firstBad && past?.runs[firstBad.run];
  if (!firstBad || !past || !first) return null;
  const good = firstBad.good === undefined ? undefined : past.runs[firstBad.good];
  const [before, after] = [past.parts[good?.parts ?? -1] ?? [], past.parts[first.parts] ?? []];
  return (
    <div>
      <h3>First bad run</h3>
      <p>
        {firstBad.run === 0 ? 'This run' : `${first.name}, ${dateTime(first.at)}`}
        {firstBad.bad > 1 && ` (bad ${firstBad.bad} times in a row)`}.{' '}
        {good
          ? `Last good run before it: ${good.name}, ${dateTime(good.at)}.`
          : 'The history has no good run before it.'}
        {good && before.length * after.length === 0 && ' What one of them tested is not known.'}
      </p>
      {before.length * after.length > 0 && <Parts parts={changedParts(before, after)} />}
    </div>
  );
}

function Surroundings({ failure, data, alive }: { failure: PageFailure; data: PageData; alive: boolean }) {
  const { window, environment } = failure;
  if (!window) return null;
  const wide = { from: window.from - AROUND_MS, to: window.to + AROUND_MS };
  const faults = data.faults.filter(
    (fault) =>
      fault.environment === environment &&
      fault.asked <= wide.to &&
      (fault.seenHealed ?? wide.to) >= wide.from,
  );
  const changes = data.changes.filter(({ at }) => at >= wide.from && at <= wide.to);
  const lanes = lanesIn(data, wide, environment);
  const latencies = [...latenciesIn(data, wide, environment), ...requestsOf(failure, wide)];
  // Before the script runs, the chart has no room for latencies.
  if (faults.length + changes.length + lanes.length + (alive ? latencies.length : 0) === 0) return null;
  return (
    <div>
      <h3>At that time</h3>
      <TimelineChart
        faults={faults}
        changes={changes}
        lanes={lanes}
        paces={pacesIn(data, wide)}
        latencies={latencies}
        window={wide}
        test={{ ...window, title: failure.title }}
        alive={alive}
        onTime={alive && data.logs.length > 0 ? showTime : undefined}
        label={`Faults and changes around ${failure.suite}: ${failure.title}`}
      />
      {alive && latencies.length > 0 && <p class="facts">{LATENCY_WORDS}</p>}
    </div>
  );
}

function Alarms({
  failure,
  green,
  alive,
}: {
  failure: PageFailure;
  green: string | undefined;
  alive: boolean;
}) {
  const rareness = green ? 'in no run that succeeded' : 'only in failures';
  const { alarms, moreAlarms, window } = failure;
  return (
    <div>
      {alarms.length > 0 && <h3>What the components wrote</h3>}
      <ul class="lines">
        {alarms.map(({ at, source, text, rare }, index) => (
          <li key={index} class={rare ? 'rare' : ''}>
            <time>{clockTime(at)}</time> <b>{source}</b> {rare && <span class="tag">{rareness}</span>} {text}
          </li>
        ))}
      </ul>
      {moreAlarms > 0 && <p>{`${moreAlarms} more lines are in the logs.`}</p>}
      {alive && window && (
        <p>
          <button type="button" onClick={() => showTime(window.from)}>
            Show the logs from {clockTime(window.from)}
          </button>
        </p>
      )}
    </div>
  );
}
