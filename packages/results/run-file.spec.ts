import { expect } from 'chai';
import { readRunFile } from './run-file.ts';
import { report, run, suite, test } from './run-fixtures.ts';
import { runRecord } from './run-record.ts';

describe('reading run.json', () => {
  const objects = { run: run([suite('s', 'Passed')]), reports: [report('s', [test('one')])] };

  it('takes one of an older version, which has neither faults nor a cluster', () => {
    const read = readRunFile(JSON.stringify(objects), 'run.json');
    expect(runRecord(read).suites[0]?.tests[0])
      .to.include({ title: 'one' })
      .and.not.have.property('startedAt');
    expect(read).to.deep.include({ faults: [], events: [] });
    expect(read.cluster).to.deep.equal({ events: [], pods: [], leases: [], missing: [] });
    expect(read).not.to.have.property('tested');
  });

  it('keeps what a newer one holds', () => {
    const cluster = { pods: [], events: [], leases: [], missing: ['cannot read the leases'] };
    const tested = { environments: [], images: [], command: { version: '1' } };
    const read = readRunFile(JSON.stringify({ ...objects, cluster, tested }), 'run.json');
    expect(read).to.deep.include({ cluster, tested });
  });

  for (const [what, text] of [
    ['a file that is no JSON', '{'],
    ['JSON without a run', '{"reports": []}'],
    ['JSON without reports', JSON.stringify({ run: objects.run })],
    ['nothing', 'null'],
  ] as const) {
    it(`names the file when it finds ${what}`, () => {
      expect(() => readRunFile(text, 'out/x/run.json')).to.throw(
        /^out\/x\/run\.json is not the run\.json of a run/,
      );
    });
  }
});
