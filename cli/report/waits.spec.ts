import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { report, run, suite, test } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import { showCommand } from '../commands/runs.ts';
import { rendered } from '../terminal/output.ts';
import { shownWaits, waitsOf } from './waits.ts';

const wait = (what: string, seconds: number) => ({
  ...{ file: 'area/one', title: 'a session › starts', what, seconds, times: 1 },
});
const objects = {
  run: run([suite('alpha', 'Passed'), suite('beta', 'Passed')]),
  reports: [
    report('alpha', [test('one')], { waits: [wait('the agent to be back', 30), wait('an answer', 6)] }),
    report('beta', [test('one')], { waits: [wait('a lost\u001b[2J lock', 12)] }),
    report('gamma', [test('one')], { waits: [wait('another run', 99)] }),
  ],
};

describe('the long waits of a run', () => {
  it('are listed by suite and test, the longest first, with their sum', () => {
    expect(waitsOf(objects).map(({ suite: name, seconds }) => [name, seconds])).to.deep.equal([
      ['alpha', 30],
      ['beta', 12],
      ['alpha', 6],
    ]);
    const text = rendered(shownWaits(objects), 'table', undefined);
    expect(text).to.match(/30 s +1 +alpha +the agent to be back +a session › starts/);
    expect(text).to.include('3 waits of more than 5 s took 48 s').and.not.include('\u001b');
  });

  it('are data for programs', () => {
    expect(JSON.parse(rendered(shownWaits(objects), 'json', undefined))[0]).to.deep.include({
      ...{ suite: 'alpha', file: 'area/one', what: 'the agent to be back', seconds: 30 },
    });
  });

  it('are none in a run whose suites reported none', () => {
    const text = rendered(shownWaits({ run: objects.run, reports: [] }), 'table', undefined);
    expect(text).to.match(/^No test waited for more than 5 s/);
  });

  it('come from a folder of results, without a cluster', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'e2e-waits-'));
    const written: string[] = [];
    const { write } = process.stdout;
    const { error } = console;
    const options = { from: folder, waits: true, output: 'table' as const };
    try {
      process.stdout.write = (text: string) => written.push(text) > 0;
      console.error = (line: string) => written.push(line);
      expect(await showCommand(undefined, options)).to.equal(2);
      await writeFile(path.join(folder, 'run.json'), JSON.stringify(objects));
      expect(await showCommand(undefined, options)).to.equal(0);
    } finally {
      Object.assign(process.stdout, { write });
      Object.assign(console, { error });
      await rm(folder, { recursive: true });
    }
    expect(written[0]).to.include('run.json');
    expect(written.join('\n')).to.include('the agent to be back');
  });
});
