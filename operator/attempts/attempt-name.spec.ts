import { expect } from 'chai';
import { attemptName, undoJobName } from './attempt-name.ts';

describe('attemptName', () => {
  it('consists of run, suite and attempt', () => {
    expect(attemptName('nightly', 'session-lifecycle-create-session', 2)).to.equal(
      'nightly-session-lifecycle-create-session-2',
    );
  });

  it('fits a label and a DNS label with the longest accepted names', () => {
    const name = attemptName('r'.repeat(48), 's'.repeat(48), 10);
    expect(name).to.have.length.at.most(63);
    expect(name).to.match(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
    expect(name).to.match(/-10$/);
  });

  it('distinguishes long names with the same start', () => {
    const run = 'r'.repeat(48);
    const names = [`${'s'.repeat(40)}a`, `${'s'.repeat(40)}b`].map((suite) => attemptName(run, suite, 1));
    expect(new Set(names).size).to.equal(2);
    expect(attemptName(run, 's'.repeat(41), 1)).to.equal(attemptName(run, 's'.repeat(41), 1));
  });

  it('has no double dash where it is truncated', () => {
    expect(attemptName(`${'r'.repeat(47)}-`, '-'.repeat(20), 1)).not.to.include('--');
  });
});

describe('undoJobName', () => {
  it('fits a label, and differs between attempts', () => {
    expect(undoJobName('run-alpha-1')).to.equal('run-alpha-1-undo');
    const long = [1, 2].map((attempt) => undoJobName(attemptName('r'.repeat(40), 's'.repeat(40), attempt)));
    for (const name of long) expect(name).to.have.length.at.most(63);
    expect(long[0]).to.not.equal(long[1]);
  });
});
