import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { pastRun, pastSuite } from '@backendai-e2e/results/history/history-fixtures';
import { report, run, suite, test } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import { historyGateCommand } from '../commands/history.ts';
import { rendered } from '../terminal/output.ts';
import { addRecord } from './history-folder.ts';
import { gatedEnding, gateLines, gateTable, judgeResults } from './run-gate.ts';

const SUITE = 'multi-component-app-proxy-routing';
const passed = { code: 0, sentence: 'AllPassed: fine' } as const;

/** A run of a day with one measurement, as the history has it. */
const past = (day: number, milliseconds: number) =>
  pastRun(day, [
    pastSuite(SUITE, [], {
      measurements: [{ name: 'app-request', unit: 'ms', values: [milliseconds] }],
    }),
  ]);

/** A finished run after those days, with the same measurement. */
function finished(milliseconds: number, limit?: number): { run: TestRun; text: string } {
  const whole = run([suite(SUITE, 'Passed')]);
  whole.metadata = { ...whole.metadata, uid: 'now' };
  whole.spec = { ...whole.spec, environmentRef: { name: 'e2e' } };
  whole.status = {
    ...whole.status,
    ...{ phase: 'Succeeded', startedAt: '2026-02-01T00:00:00Z', verdict: 'Passed' },
  };
  const measurement = { name: 'app-request', value: milliseconds, unit: 'ms' };
  const measurements = [{ ...measurement, ...(limit === undefined ? {} : { limit }) }];
  return {
    run: whole,
    text: JSON.stringify({ run: whole, reports: [report(SUITE, [test('one')], { measurements })] }),
  };
}

describe('the gate of a job', () => {
  let out: string;
  let history: string;

  beforeEach(async () => {
    const root = await mkdtemp(path.join(tmpdir(), 'e2e-gate-'));
    out = path.join(root, 'out');
    history = path.join(root, 'history');
    await mkdir(out);
    for (const [index, value] of [12, 13, 12, 11, 12].entries())
      await addRecord(history, past(index + 1, value));
  });
  afterEach(() => rm(path.dirname(out), { recursive: true }));

  const gateOf = async (milliseconds: number, limit?: number) => {
    const { run, text } = finished(milliseconds, limit);
    await writeFile(path.join(out, 'run.json'), text);
    return judgeResults(out, run, history);
  };

  it('fails a run that passed, and names suite and measurement', async () => {
    const gate = await gateOf(512);
    expect(gatedEnding(passed, gate)).to.deep.equal({
      code: 1,
      sentence: `regression: ${SUITE}: app-request is 512 ms, usually 12 ms (5 runs)`,
    });
    expect(gateLines(gate)).to.deep.equal([
      'worse than in earlier runs: 1 of 2 measurements, 1 of them far (✘)',
      `  ✘ ${SUITE}: app-request is 512 ms, usually 12 ms (5 runs)`,
    ]);
  });

  it('lists what is worse, and lets the run pass', async () => {
    const gate = await gateOf(70);
    expect(gatedEnding(passed, gate)).to.equal(passed);
    expect(gateLines(gate)[1]).to.equal(`  ~ ${SUITE}: app-request is 70 ms, usually 12 ms (5 runs)`);
  });

  it('says nothing of a run as usual, and keeps another ending', async () => {
    expect(gateLines(await gateOf(13))).to.deep.equal([]);
    const failed = { code: 2, sentence: 'no cluster' } as const;
    expect(gatedEnding(failed, await gateOf(512))).to.equal(failed);
  });

  it('fails a run beyond the bound of a suite without a history', async () => {
    await rm(history, { recursive: true });
    const gate = await gateOf(300, 250);
    expect(gatedEnding(passed, gate).code).to.equal(1);
    expect(gatedEnding(passed, await gateOf(200, 250))).to.equal(passed);
  });

  it('does not judge a run that did not end, and never throws', async () => {
    expect(await judgeResults(out, undefined, history)).to.deep.equal({ judged: [], troubles: [] });
    const { run } = finished(1);
    expect(gateLines(await judgeResults(out, run, history))[0]).to.match(
      /^the measurements are not compared/,
    );
  });

  it('has a row for each measurement, regressions first', async () => {
    const { judged } = await gateOf(512);
    const lines = rendered(gateTable(judged, true), 'table', undefined).trimEnd().split('\n');
    expect(lines).to.have.lengthOf(judged.length + 2);
    expect(lines[2]).to.match(/app-request.*512 ms.*12.*regressed/);
    expect(rendered(gateTable(judged, false), 'table', undefined)).not.to.include('duration');
  });

  it('judges runs of the history by a command, which exits with 1 for a regression', async () => {
    await addRecord(history, past(6, 512));
    const { error } = console;
    const { write } = process.stdout;
    const said: string[] = [];
    console.error = (line: string) => said.push(line);
    process.stdout.write = (text) => said.push(String(text)) > 0;
    try {
      expect(await historyGateCommand(undefined, { history, all: false, output: 'table' })).to.equal(1);
      expect(await historyGateCommand('run-5', { history, all: false, output: 'table' })).to.equal(0);
      expect(await historyGateCommand('none', { history, all: false, output: 'table' })).to.equal(2);
    } finally {
      Object.assign(console, { error });
      process.stdout.write = write;
    }
    expect(said.join('\n')).to.include('run-6: 1 regressed').and.include('the history has no run none');
  });
});
