import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { PROJECT_ROOT } from '../machine/provision.ts';
import { proofIn } from './proof-files.ts';

describe('the proof of a run', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'e2e-proof-'));
    await mkdir(path.join(root, 'suites/defects'), { recursive: true });
  });
  afterEach(() => rm(root, { recursive: true }));
  const write = (name: string, content: unknown) => writeFile(path.join(root, name), JSON.stringify(content));

  it('counts the defects that each suite noticed, and names the others', async () => {
    const defect = (name: string, ...suites: string[]) => ({ name, wrong: `${name} is wrong`, suites });
    await write('suites/defects/agent.yaml', { defects: [defect('a', 'one'), defect('b', 'one', 'two')] });
    await write('suites/defects/manager.yaml', { defects: [defect('c', 'two'), defect('d', 'two')] });
    const tried = (name: string, state: string, ...seenBy: string[]) => ({
      ...{ name, state, seenBy, on: '2026-01-02' },
    });
    await write('suites/defects-tried.json', [
      tried('a', 'caught', 'one'),
      tried('b', 'caught', 'two'),
      tried('c', 'missed'),
    ]);
    expect((await proofIn(root)).defects).to.deep.equal({
      ...{ listed: 4, tried: 3, caught: 2, on: '2026-01-02' },
      suites: [
        { name: 'one', listed: 2, caught: 1 },
        { name: 'two', listed: 3, caught: 1 },
      ],
      open: [{ name: 'c', state: 'missed', wrong: 'c is wrong' }],
    });
  });

  it('says whether the sources of the results agree', async () => {
    const agreement = { tests: 3, disagreements: ['x'], notes: [] };
    await write('agreement.json', agreement);
    expect((await proofIn(root, root)).agreement).to.deep.equal(agreement);
    await write('agreement.json', { tests: 'many' });
    expect(await proofIn(root, root)).to.deep.equal({ issues: [] });
  });

  it('reads the lists of this checkout', async () => {
    const { defects, backtest, issues } = await proofIn(PROJECT_ROOT);
    expect(defects?.caught).to.be.within(1, defects?.listed ?? 0);
    expect(backtest?.withTest).to.be.within(1, backtest?.repairs ?? 0);
    expect(issues.every(({ evidence, tests }) => evidence !== '' && tests > 0)).to.equal(true);
    expect(issues).to.have.length.above(10);
  });
});
