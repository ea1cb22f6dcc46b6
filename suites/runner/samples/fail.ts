import { expect } from 'chai';
import { recorder } from '../../support/record.ts';

/** Sample of the runner's specs: a failure with requests and a secret, a failed hook, a test that cannot tell. */
describe('failing sample', () => {
  it('passes first', () => undefined);
  it('fails with its last request', () => {
    recorder.secrets.add(['sample-secret-value']);
    recorder.exchange('GET /sample?key=sample-secret-value', '500 sample-secret-value broke', 0.25);
    expect({ answer: 41, key: 'sample-secret-value' }).to.deep.equal({ answer: 42 });
  });
  describe('behind a broken hook', () => {
    before('opens nothing', () => {
      throw new Error('the hook broke');
    });
    it('never runs', () => undefined);
  });
});
