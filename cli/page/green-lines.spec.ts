import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { addGreenLines, readGreenLines } from './green-lines.ts';

describe('the lines of runs that succeeded', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'e2e-green-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('are those of all of them: a run of few suites forgets none', async () => {
    await addGreenLines(folder, 'nightly-1', ['manager ERROR #', 'agent WARN']);
    await addGreenLines(folder, 'nightly-2', ['agent WARN', 'etcd WARN']);
    expect(await readGreenLines(folder)).to.deep.equal({
      ...{ run: 'nightly-2', kinds: new Set(['agent WARN', 'etcd WARN', 'manager ERROR #']) },
    });
  });

  for (const [what, text] of [
    ['is absent', undefined],
    ['is no JSON', '{'],
    ['has another content', '{"run": 1, "kinds": "x"}'],
  ] as const) {
    it(`are unknown if the file ${what}`, async () => {
      if (text !== undefined) await writeFile(path.join(folder, 'green-lines.json'), text);
      expect(await readGreenLines(folder)).to.equal(undefined);
    });
  }
});
