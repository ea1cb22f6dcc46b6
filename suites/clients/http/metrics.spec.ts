import { expect } from 'chai';
import { parseMetrics } from './metrics.ts';

describe('a metrics page', () => {
  it('is read sample by sample', () => {
    const page = [
      '# HELP calls_total Calls.',
      'calls_total{method="ping",note="a \\"b\\", c"} 121.0',
      'up 1',
      'big 4.294967296e+09 1700000000',
      '',
    ].join('\n');
    expect(parseMetrics(page)).to.deep.equal([
      { name: 'calls_total', labels: { method: 'ping', note: 'a \\"b\\", c' }, value: 121 },
      { name: 'up', labels: {}, value: 1 },
      { name: 'big', labels: {}, value: 4294967296 },
    ]);
  });
});
