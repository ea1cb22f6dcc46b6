import { expect } from 'chai';
import { pastRun, pastSuite, pastTest } from './history-fixtures.ts';
import { readHistoryHead, readHistoryLine } from './read.ts';
import { NewerVersion, upgraded } from './upgrade.ts';

/** A record exactly as version 1 wrote it. Every later version must read it. */
const VERSION_1 =
  '{"version":1,"uid":"5aa781a3-30e7-409f-9d4d-3ff6d8264c51","name":"e2e-g567v","startedAt":"2026-11-30T05:14:34.517Z",' +
  '"finishedAt":"2026-11-30T05:42:41.712Z","verdict":"Failed","environments":["e2e","e2e-2"],"backendAi":["26.9.6"],' +
  '"tested":[{"name":"manager","version":"26.9.6","digest":"sha256:aa"}],"testing":[{"name":"command","version":"0.2.0"}],' +
  '"pace":1.5,"suites":[{"name":"storage-file-upload","environment":"e2e","verdict":"Failed","reason":"TestsFailed",' +
  '"seconds":12.5,"attempts":1,"tests":[{"file":"storage/file-upload","title":"a file › arrives","state":"failed",' +
  '"seconds":1.5,"error":"AssertionError: no"}],"measurements":[{"name":"upload","unit":"s","values":[1,2]}]}]}';

describe('a line of a history', () => {
  it('of version 1 reads', () => {
    const record = readHistoryLine(VERSION_1);
    expect(record).to.deep.include({
      uid: '5aa781a3-30e7-409f-9d4d-3ff6d8264c51',
      verdict: 'Failed',
      pace: 1.5,
    });
    expect(record.suites[0]?.tests[0]?.error).to.equal('AssertionError: no');
    expect(record.suites[0]?.measurements).to.deep.equal([{ name: 'upload', unit: 's', values: [1, 2] }]);
  });

  it('of a later version differs from a broken one, and still has its head', () => {
    const newer = JSON.stringify({ ...JSON.parse(VERSION_1), version: 99 });
    expect(() => readHistoryLine(newer)).to.throw(NewerVersion, 'version 99');
    expect(readHistoryHead(newer)).to.deep.equal({
      version: 99,
      uid: '5aa781a3-30e7-409f-9d4d-3ff6d8264c51',
      startedAt: '2026-11-30T05:14:34.517Z',
    });
  });

  it('is left with what is known, printable and without controls', () => {
    const run = pastRun(1, [pastSuite('s', [pastTest('a\u001b[2J\u202eb')])]);
    const strange = JSON.stringify({ ...run, extra: { huge: true } }).replace(
      '"name"',
      '"__proto__":{"x":1},"name"',
    );
    const read = readHistoryLine(strange);
    expect(read).not.to.have.any.keys('extra', 'x');
    expect(read.suites[0]?.tests[0]?.title).to.equal('a\ufffdb');
  });

  for (const [what, line] of [
    ['a torn end', VERSION_1.slice(0, -20)],
    ['no object', '[]'],
    ['a uid that is a path', VERSION_1.replace('5aa781a3', '../5aa781a3')],
    ['a start that is no time', VERSION_1.replace('2026-11-30T05:14:34.517Z', 'yesterday')],
    ['an unknown state', VERSION_1.replace('"state":"failed"', '"state":"<b>"')],
    ['an unknown verdict', VERSION_1.replace('"verdict":"Failed"', '"verdict":"constructor"')],
    ['seconds that are no number', VERSION_1.replace('"seconds":1.5', '"seconds":"1.5"')],
    ['a title without an end', VERSION_1.replace('a file › arrives', 'x'.repeat(2000))],
    ['a version that is none', VERSION_1.replace('"version":1', '"version":0')],
  ] as const) {
    it(`with ${what} is refused`, () => {
      expect(() => readHistoryLine(line)).to.throw(Error);
    });
  }
});

describe('the upgrade of a record', () => {
  const steps = {
    1: ({ took, ...rest }: Record<string, unknown>) => ({ ...rest, seconds: took }),
    2: ({ seconds, ...rest }: Record<string, unknown>) => ({ ...rest, milliseconds: Number(seconds) * 1000 }),
  };

  it('takes one step after another to the newest version', () => {
    expect(upgraded({ version: 1, took: 2 }, steps, 3)).to.deep.equal({ version: 3, milliseconds: 2000 });
    expect(upgraded({ version: 3, milliseconds: 5 }, steps, 3)).to.deep.equal({
      version: 3,
      milliseconds: 5,
    });
  });

  it('says which step is missing', () => {
    expect(() => upgraded({ version: 1 }, { 2: steps[2] }, 3)).to.throw('no upgrade from version 1');
  });
});
