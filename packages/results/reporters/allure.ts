import type { TestState } from '@backendai-e2e/api/verdict';
import { plainLine, printable } from '../plain-text.ts';
import type { AttemptRecord, RunRecord, SuiteRecord } from '../run-record.ts';
import { firstLine, type TestRecord, whyLeftOut } from '../test-record.ts';
import { NO_TITLE, titlePath } from '../titles.ts';
import type { Reporter, WriteFile } from './reporter.ts';
import { stableUuid } from './stable-id.ts';
import { SUITE_CASE, suiteCase } from './suite-case.ts';

/** Status and stage, as Allure names them: https://allurereport.org/docs/how-it-works-test-result-file/ */
type Outcome = readonly [
  status: 'passed' | 'failed' | 'broken' | 'skipped',
  stage: 'finished' | 'interrupted',
];

/** A known issue is skipped, as in junit.xml, and has the flags `known` and `muted`. */
const OUTCOMES: Readonly<Record<TestState, Outcome>> = {
  passed: ['passed', 'finished'],
  failed: ['failed', 'finished'],
  inconclusive: ['broken', 'finished'],
  interrupted: ['broken', 'interrupted'],
  pending: ['skipped', 'finished'],
  'known-issue': ['skipped', 'finished'],
};

/**
 * Allure results of a run, written at its end: `<uuid>-result.json` for each test of each attempt, and
 * environment.properties. Attempts share the history id of a test, so that Allure shows earlier ones as retries. A suite that
 * ended badly without a bad test has one more result "(suite)".
 */
export function allureReporter(write: WriteFile): Reporter {
  return {
    runEnded(run) {
      for (const result of run.suites.flatMap(resultsOf)) {
        write(`${result.uuid}-result.json`, `${JSON.stringify(result)}\n`);
      }
      write('environment.properties', properties(run));
    },
  };
}

function resultsOf(suite: SuiteRecord) {
  const tests = suite.attempts.flatMap((attempt) =>
    attempt.tests.map((test) => ({ ...placeOf(suite, attempt, test), ...outcomeOf(test) })),
  );
  const whole = suiteCase(suite);
  if (!whole) return tests;
  const status = whole.skipped ? 'skipped' : 'broken';
  const place = placeOf(suite, undefined, { id: SUITE_CASE, file: suite.name, title: SUITE_CASE });
  const statusDetails = { message: `${plainLine(whole.reason)}: ${printable(whole.message)}` };
  return [...tests, { ...place, status, stage: 'finished', statusDetails }];
}

/** Which test it is: ids, names and labels. */
function placeOf(
  { name, environment }: SuiteRecord,
  attempt: AttemptRecord | undefined,
  { id, file, title }: Pick<TestRecord, 'id' | 'file' | 'title'>,
) {
  const path = titlePath(title).map(plainLine);
  const describes = path.slice(0, -1);
  const where = environment ? [{ name: 'environment', value: plainLine(environment) }] : [];
  const labels = {
    framework: 'mocha',
    parentSuite: name,
    suite: file,
    subSuite: describes.join(' › '),
    package: file.replaceAll('/', '.'),
  };
  return {
    uuid: stableUuid('allure', attempt?.uid ?? attempt?.report ?? name, id),
    historyId: stableUuid('history', file, id, environment ?? ''),
    testCaseId: stableUuid('case', file, id),
    name: path.at(-1) || NO_TITLE,
    fullName: plainLine(`${file}: ${title}`),
    titlePath: [name, file, ...describes].map(plainLine),
    labels: Object.entries(labels)
      .filter(([, value]) => value !== '')
      .map(([key, value]) => ({ name: key, value: plainLine(value) })),
    ...{ links: [], parameters: where, steps: [], attachments: [] },
  };
}

/** How a test ended, in whole milliseconds. */
function outcomeOf(test: TestRecord) {
  const { state, startedAt, seconds, error } = test;
  const why = whyLeftOut(test);
  const [status, stage] = OUTCOMES[state];
  const start = Date.parse(startedAt ?? '');
  return {
    ...{ status, stage },
    ...(Number.isNaN(start) ? {} : { start, stop: start + Math.round(seconds * 1000) }),
    statusDetails: {
      ...(why ? { message: plainLine(why) } : {}),
      ...(error ? { message: plainLine(firstLine(error)), trace: printable(error) } : {}),
      ...(state === 'known-issue' ? { known: true, muted: true } : {}),
    },
  };
}

/** What was tested, in the format of java.util.Properties: ASCII, with everything else as its UTF-16 code. */
function properties({ name, environments, backendAi }: RunRecord): string {
  const entries = { run: name, environments: environments.join(', '), 'Backend.AI': backendAi.join(', ') };
  return Object.entries(entries)
    .map(([key, value]) => `${key}=${escaped(plainLine(value))}\n`)
    .join('');
}

function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replace(/[^\u0020-\u007e]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
