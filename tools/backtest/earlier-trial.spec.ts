import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { report, run, suite, test } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import { rejection } from '../envtest/waits/rejection.ts';
import { earlierTrial } from './earlier-trial.ts';

describe('a release that an earlier backtest ran', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'earlier-trial-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const keep = (text: string) => writeFileSync(path.join(folder, 'run.json'), text);
  const failed = { status: 'False', reason: 'SuitesFailed' };
  const red = test('is refused', { state: 'failed', error: 'expected 200 to equal 403' });
  const wanted = (...suites: string[]) => ({ release: '26.7.0', suites });

  it('is not run again: its tests count as they ended', async () => {
    keep(
      JSON.stringify({ run: run([suite('rights', 'Failed')], failed), reports: [report('rights', [red])] }),
    );
    const trial = await earlierTrial(folder, wanted('rights'));
    expect(trial?.code).to.equal(1);
    expect(trial?.tests.get('rights')?.map(({ title, state }) => [title, state])).to.deep.equal([
      ['is refused', 'failed'],
    ]);
  });

  it('runs again where it left nothing, or lacks a suite', async () => {
    expect(await earlierTrial(folder, wanted('rights'))).to.equal(undefined);
    keep(JSON.stringify({ run: run([suite('rights', 'Passed')]), reports: [report('rights', [])] }));
    expect(await earlierTrial(folder, wanted('rights', 'lists'))).to.equal(undefined);
  });

  it('is refused where its file is none of a run', async () => {
    keep('{}');
    expect(String(await rejection(earlierTrial(folder, wanted('rights'))))).to.match(
      /is not the run.json of a run/,
    );
  });
});
