import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { colorsOf, questionOf, readTried, type TriedPoint, writeTried } from './tried.ts';

const question = questionOf({ suites: 'storage', includeSlow: true });
const tried = (key: string, more: Partial<TriedPoint> = {}): TriedPoint => ({
  ...{ question, key, color: 'red', said: 'a: no', met: '26.9.0', folder: 'out/bisect/x' },
  ...more,
});

describe('the trials of earlier calls', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'e2e-tried-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are kept in a file, except those of edits', async () => {
    const file = path.join(folder, 'new', 'tried.json');
    expect(await readTried(file)).to.deep.equal([]);
    await writeTried(file, [tried('26.9.0'), tried('edits of x', { lasting: false })]);
    expect(await readTried(file)).to.deep.equal([tried('26.9.0')]);
  });
  it('count for the same tests only', () => {
    const other = questionOf({ suites: 'storage', grep: 'a', includeSlow: true });
    const colorOf = colorsOf([tried('26.9.0'), tried('26.9.1', { question: other })], question);
    expect([colorOf('26.9.0'), colorOf('26.9.1')]).to.deep.equal(['red', undefined]);
  });
  it('are refused from another file, and the error says what to do', async () => {
    const file = path.join(folder, 'tried.json');
    writeFileSync(file, '[{"key":"26.9.0"}]');
    let refusal = '';
    await readTried(file).catch((error: Error) => {
      refusal = error.message;
    });
    expect(refusal).to.include('--again');
  });
});
