import { LENGTHS } from '@backendai-e2e/api/lengths';
import { LIMITS } from '@backendai-e2e/api/limits';
import { expect } from 'chai';
import { Recorder } from '../evidence/record.ts';
import { maskReport } from './masking/free-text.ts';
import { reportedWaits } from './waits.ts';

const test = { file: 'area/one', title: 'a session › starts' };

/** A recorder with a test that runs. */
function running(): Recorder {
  const recorder = new Recorder();
  recorder.startTest(test);
  return recorder;
}

describe('the long waits of a suite', () => {
  it('are those of more than 5 seconds, by the test that waited, the longest first', () => {
    const recorder = running();
    recorder.waited('the agent to be back', 6.04);
    recorder.waited('the answer', 5);
    recorder.startTest({ file: 'area/one', title: 'a session › ends' });
    recorder.waited('the agent to be back', 30);
    expect(reportedWaits(recorder.waits)).to.deep.equal([
      { file: 'area/one', title: 'a session › ends', what: 'the agent to be back', seconds: 30, times: 1 },
      { ...test, what: 'the agent to be back', seconds: 6, times: 1 },
    ]);
  });

  it('of one test for one thing are summed', () => {
    const recorder = running();
    for (const seconds of [6, 7, 8]) recorder.waited('a round', seconds);
    expect(reportedWaits(recorder.waits)).to.deep.equal([
      { ...test, what: 'a round', seconds: 21, times: 3 },
    ]);
  });

  it('stay few: the shortest go', () => {
    const recorder = running();
    for (let count = 0; count < 500; count += 1) recorder.waited(`thing ${count}`, 6 + count);
    const waits = reportedWaits(recorder.waits);
    expect(waits).to.have.length(LIMITS.waits);
    expect(waits.at(-1)?.seconds).to.equal(506 - LIMITS.waits);
  });

  it('show no secret, no control character and no long text', () => {
    const recorder = running();
    recorder.secrets.add(['hunter2-secret']);
    recorder.waited(`the login of hunter2-secret\u001b[31m\n${'x'.repeat(5000)}`, 6);
    const [wait] = reportedWaits(recorder.waits);
    expect(wait?.what).to.have.length.at.most(LENGTHS.shortMessage);
    expect(wait?.what).not.to.include('hunter2').and.not.include('\u001b').and.not.include('\n');
  });

  it('are masked again when the report is sent: a secret may become known later', () => {
    const recorder = running();
    recorder.waited('the login of hunter2-secret', 6);
    recorder.secrets.add(['hunter2-secret']);
    const masked = maskReport({ waits: reportedWaits(recorder.waits) }, recorder.secrets);
    expect(JSON.stringify(masked)).not.to.include('hunter2');
  });

  it('outside of tests are reported too', () => {
    const recorder = new Recorder();
    recorder.waited('the deployment', 9);
    expect(reportedWaits(recorder.waits)[0]).to.deep.include({ file: 'unknown', what: 'the deployment' });
  });
});
