import { allure2 } from '@allurereport/reader';
import { TEST_STATES } from '@backendai-e2e/api/verdict';
import { expect } from 'chai';
import fc from 'fast-check';
import { report, run, suite, test } from '../run-fixtures.ts';
import { type RunObjects, runRecord } from '../run-record.ts';
import { allureReporter } from './allure.ts';
import { reportedFiles } from './reporter.ts';

type Visitor = Parameters<typeof allure2.read>[0];
type Result = Parameters<Visitor['visitTestResult']>[0];

/** What Allure's own reader makes of the folder. */
async function readBack(files: ReadonlyMap<string, string>) {
  const results: Result[] = [];
  let metadata: Record<string, unknown> = {};
  const visitor = {
    visitTestResult: async (result: Result) => void results.push(result),
    visitMetadata: async (found: Record<string, unknown>) => {
      metadata = { ...metadata, ...found };
    },
  };
  for (const [name, text] of files) {
    const file = {
      getOriginalFileName: () => name,
      asJson: async () => JSON.parse(text),
      asUtf8String: async () => text,
    };
    expect(await allure2.read(visitor as unknown as Visitor, file as never), name).to.equal(true);
  }
  return { results, metadata };
}

const filesOf = (objects: RunObjects) => reportedFiles(allureReporter, runRecord(objects));

describe('allure-results', () => {
  it('has each test with its state, as Allure names it', async () => {
    const tests = TEST_STATES.map((state) => test(state, { state, error: `${state}\n  at here` }));
    const files = filesOf({ run: run([suite('s', 'Failed')]), reports: [report('s', tests)] });
    const { results } = await readBack(files);
    expect(results.map(({ name, status, known }) => [name, status, known])).to.deep.equal([
      ['passed', 'passed', undefined],
      ['failed', 'failed', undefined],
      ['pending', 'skipped', undefined],
      ['interrupted', 'broken', undefined],
      ['inconclusive', 'broken', undefined],
      ['known-issue', 'skipped', true],
    ]);
    expect(results[1]).to.include({ message: 'failed', trace: 'failed\n  at here' });
  });

  it('sorts a test below its suite, its file and its describes', async () => {
    const one = test('folders › a folder › is renamed', { startedAt: '2026-01-01T00:00:00.000Z' });
    const line = suite('s', 'Passed', { environment: 'e2e-2' });
    const [found] = (await readBack(filesOf({ run: run([line]), reports: [report('s', [one])] }))).results;
    expect(found?.titlePath).to.deep.equal(['s', 'area/one', 'folders', 'a folder']);
    expect(found).to.include({ name: 'is renamed', start: Date.parse('2026-01-01T00:00:00Z') });
    expect((found?.stop ?? 0) - (found?.start ?? 0)).to.equal(250);
    expect(found?.parameters?.map(({ name, value }) => `${name}=${value}`)).to.deep.equal([
      'environment=e2e-2',
    ]);
  });

  it('has every attempt: earlier ones have the history of the test and another id', async () => {
    const first = report('s', [test('a', { state: 'failed', error: 'no' })]);
    const second = report('s', [test('a')]);
    const again = { ...second, metadata: { name: 'run-s-2' }, spec: { ...second.spec, attempt: 2 } };
    const line = suite('s', 'Flaky', { attempt: 2, report: 'run-s-2' });
    const { results } = await readBack(filesOf({ run: run([line]), reports: [first, again] }));
    expect(results.map(({ status }) => status)).to.deep.equal(['failed', 'passed']);
    expect(new Set(results.map(({ uuid }) => uuid))).to.have.length(2);
    expect(new Set(results.map(({ historyId }) => historyId))).to.have.length(1);
  });

  it('distinguishes the same test in two environments', async () => {
    const lines = ['e', 'f'].map((environment) =>
      suite(`audit-${environment}`, 'Passed', { suite: 'audit', environment }),
    );
    const reports = lines.map(({ name }) => report(name, [test('leaks nothing')]));
    const { results } = await readBack(filesOf({ run: run(lines), reports }));
    expect(new Set(results.map(({ historyId }) => historyId))).to.have.length(2);
    expect(new Set(results.map(({ testId }) => testId))).to.have.length(1);
  });

  it('shows a suite without a bad test as a result', async () => {
    const line = suite('s', 'Failed', { reason: 'EnvironmentNotReady', message: 'manager 0/2 ready' });
    const { results } = await readBack(filesOf({ run: run([line]), reports: [] }));
    expect(results.map(({ name, status, message }) => [name, status, message])).to.deep.equal([
      ['(suite)', 'broken', 'EnvironmentNotReady: manager 0/2 ready'],
    ]);
  });

  it('says what was tested, whatever characters that has', async () => {
    const version = '26.9.6 = "a\\b" # 漢 \u{1f600}';
    const objects = { run: run([suite('s', 'Passed')]), reports: [report('s', [], { backendAi: version })] };
    const { metadata } = await readBack(filesOf(objects));
    expect(metadata.allure_environment).to.deep.include({ name: 'Backend.AI', values: [version] });
  });

  it('can be read whatever a status holds, and chooses no name of a file', async () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('../../x', '\u001b[31m', '\ud800'));
    await fc.assert(
      fc.asyncProperty(text, text, text, text, async (id, file, title, error) => {
        const tests = [test('x', { id, file, title, state: 'failed', error })];
        const files = filesOf({ run: run([suite('s', 'Failed')]), reports: [report('s', tests)] });
        for (const [name, content] of files) {
          expect(name).to.match(/^([0-9a-f-]{36}-result\.json|environment\.properties)$/);
          expect(content).not.to.match(/(?!\n)\p{Cc}|\\u00[01]|\\u202|\\ud8/u);
        }
        expect((await readBack(files)).results.map(({ status }) => status)).to.deep.equal(['failed']);
      }),
      { numRuns: 200 },
    );
  });
});
