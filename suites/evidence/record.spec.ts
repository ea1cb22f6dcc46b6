import { expect } from 'chai';
import { measure, Recorder, recorder as running } from './record.ts';

describe('the recorder of a test', () => {
  it('keeps the last exchanges, and counts a request that gets the same answer again', () => {
    const recorder = new Recorder();
    recorder.exchange('GET /a', '200', 0.1);
    for (let look = 0; look < 5; look += 1) recorder.exchange('GET /b', '200 PENDING', 0.1);
    recorder.exchange('GET /b', '200 RUNNING', 0.1);
    expect(recorder.exchanges.map(({ request, answer, times }) => [request, answer, times])).to.deep.equal([
      ['GET /a', '200', 1],
      ['GET /b', '200 PENDING', 5],
      ['GET /b', '200 RUNNING', 1],
    ]);
  });

  it('drops the oldest, shortens long texts, and starts empty with each test', () => {
    const recorder = new Recorder();
    for (let count = 0; count < 20; count += 1) recorder.exchange(`GET /${count}`, 'x'.repeat(5000), 0);
    expect(recorder.exchanges).to.have.length(8);
    expect(recorder.exchanges.at(-1)?.request).to.equal('GET /19');
    expect(recorder.exchanges[0]?.answer).to.have.length.below(700);
    recorder.startTest();
    expect(recorder.exchanges).to.deep.equal([]);
  });

  it('says when each value was measured, in thousandths of its unit', () => {
    const before = Date.now();
    measure('failover', 2.00049, 's', 10);
    const { measuredAt = '', ...measured } = running.measurements.at(-1) ?? {};
    expect(measured).to.deep.equal({ name: 'failover', value: 2, unit: 's', limit: 10 });
    expect(Date.parse(measuredAt)).to.be.within(before, Date.now());
  });
});
