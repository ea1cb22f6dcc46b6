import { expect } from 'chai';
import { attemptContext, readTraceparent, testContext, traceparent } from './trace-ids.ts';

describe('the place of a test in the trace of its run', () => {
  const attempt = attemptContext('run-uid', 'report-uid');

  it('is the same each time, and in the trace of its attempt', () => {
    const test = testContext(attempt, 'first');
    expect(test).to.deep.equal(testContext(attemptContext('run-uid', 'report-uid'), 'first'));
    expect(test.trace).to.equal(attempt.trace);
    expect(test.span).not.to.equal(attempt.span);
    expect(testContext(attempt, 'second').span).not.to.equal(test.span);
    expect(testContext(attemptContext('run-uid', 'retry-uid'), 'first').span).not.to.equal(test.span);
  });

  it('can be written as a header, and read again', () => {
    expect(traceparent(attempt)).to.match(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(readTraceparent(traceparent(attempt))).to.deep.equal(attempt);
  });

  for (const [what, value] of [
    ['nothing', undefined],
    ['an empty text', ''],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${'a'.repeat(16)}-01`],
    ['a span of zeros', `00-${'a'.repeat(32)}-${'0'.repeat(16)}-01`],
    ['another version', `ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01`],
    ['more than one line', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01\r\nHost: other`],
  ] as const) {
    it(`is not read from ${what}`, () => {
      expect(readTraceparent(value)).to.equal(undefined);
    });
  }
});
