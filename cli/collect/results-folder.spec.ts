import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { copyResults } from './results-folder.ts';

describe('the results of one job among several', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'e2e-results-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('are copied in place of earlier ones, without logs and the kubeconfig', async () => {
    const [out, folder] = [path.join(root, 'out'), path.join(root, 'matrix', '1-26.9.0')];
    mkdirSync(path.join(out, 'logs'), { recursive: true });
    mkdirSync(folder, { recursive: true });
    for (const name of ['run.json', 'job.log', 'kubeconfig', 'logs/a.log']) {
      writeFileSync(path.join(out, name), name);
    }
    writeFileSync(path.join(folder, 'junit.xml'), 'of an earlier job');
    await copyResults(out, folder);
    expect(readdirSync(folder).sort()).to.deep.equal(['job.log', 'run.json']);
    expect(readFileSync(path.join(folder, 'run.json'), 'utf8')).to.equal('run.json');
  });
});
