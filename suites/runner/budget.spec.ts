import type { TestReportStatus } from '@backendai-e2e/api/test-report';
import type { TestRecord } from '@backendai-e2e/results/test-record';
import { expect } from 'chai';
import { cutText, fitReport, jsonBytes } from './budget.ts';

const test = (id: number, state: TestRecord['state'], errorLength = 0): TestRecord => ({
  id: `t${id}`,
  file: 'area/file',
  title: `test ${id}`,
  state,
  seconds: 1,
  ...(errorLength ? { error: 'e'.repeat(errorLength) } : {}),
});
const report = (tests: TestRecord[]): TestReportStatus => ({ final: true, verdict: 'Failed', tests });

describe('the byte budget of a report', () => {
  it('does not change a small report', () => {
    const small = report([test(1, 'passed'), test(2, 'failed', 100)]);
    expect(fitReport(small, 10_000, 8_000)).to.deep.equal(small);
  });

  it('cuts an error over the limit of one error, and counts the bytes', () => {
    const fitted = fitReport(report([test(1, 'failed', 9_000)]), 100_000, 8_000);
    expect(Buffer.byteLength(fitted.tests?.[0]?.error ?? ''))
      .to.be.at.most(8_000)
      .and.above(7_900);
    expect(fitted.omitted).to.deep.equal({
      tests: 0,
      errorBytes: 9_000 - Buffer.byteLength(fitted.tests?.[0]?.error ?? ''),
    });
  });

  it('omits the waits before it cuts an error', () => {
    const waits = [{ file: 'area/file', title: 'test 1', what: 'w'.repeat(200), seconds: 9, times: 1 }];
    const whole = { ...report([test(1, 'failed', 500)]), waits };
    expect(fitReport(whole, 10_000, 8_000).waits).to.deep.equal(waits);
    const fitted = fitReport(whole, jsonBytes(whole) - 1, 8_000);
    expect(fitted).not.to.have.property('waits');
    expect(fitted.tests?.[0]?.error).to.have.length(500);
  });

  it('cuts the longest errors first and keeps short ones and every test', () => {
    const whole = report([test(1, 'failed', 8_000), test(2, 'failed', 600), test(3, 'failed', 8_000)]);
    const fitted = fitReport(whole, 6_000, 8_000);
    expect(jsonBytes(fitted)).to.be.at.most(6_000).and.above(5_900);
    expect(fitted.tests).to.have.length(3);
    expect(fitted.tests?.[1]?.error).to.equal('e'.repeat(600));
    expect(fitted.tests?.[0]?.error).to.have.length.below(3_000);
  });

  it('omits the oldest passed tests when cutting errors is not enough, and never a failed one', () => {
    const many = [...Array(500).keys()].map((id) => test(id, id === 0 ? 'failed' : 'passed', id ? 0 : 900));
    const fitted = fitReport(report(many), 10_000, 8_000);
    expect(jsonBytes(fitted)).to.be.at.most(10_000).and.above(9_800);
    expect(fitted.tests?.[0]?.id).to.equal('t0');
    expect(fitted.tests?.at(-1)?.id).to.equal('t499');
    expect((fitted.tests?.length ?? 0) + (fitted.omitted?.tests ?? 0)).to.equal(500);
  });

  it('cuts the errors of 500 failed tests to fit, and keeps all tests and a part of each error', () => {
    const many = [...Array(500).keys()].map((id) => test(id, 'failed', 5 * 1024));
    const fitted = fitReport(report(many), 256 * 1024, 8 * 1024);
    expect(jsonBytes(fitted)).to.be.within(240 * 1024, 256 * 1024);
    expect(fitted.tests).to.have.length(500);
    expect(fitted.tests?.every(({ error }) => (error?.length ?? 0) > 300)).to.equal(true);
  });

  it('fits even when every test failed', () => {
    const many = [...Array(500).keys()].map((id) => test(id, 'failed', 2_000));
    const fitted = fitReport(report(many), 10_000, 8_000);
    expect(jsonBytes(fitted)).to.be.at.most(10_000);
    expect(fitted.verdict).to.equal('Failed');
    expect((fitted.tests?.length ?? 0) + (fitted.omitted?.tests ?? 0)).to.equal(500);
  });

  it('never cuts within a character', () => {
    const text = 'ä€𝄞'.repeat(50);
    for (let bytes = 0; bytes < 60; bytes += 1) {
      const cut = cutText(text, bytes);
      expect(Buffer.byteLength(cut)).to.be.at.most(bytes);
      expect(cut).not.to.include('\uFFFD');
    }
    expect(cutText('short', 5)).to.equal('short');
  });
});
