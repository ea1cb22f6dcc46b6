import { expect } from 'chai';
import { packLog, unpackLog } from './log-block.ts';

const at = (time: string) => Date.parse(`2026-01-01T${time}Z`);

describe('a log on the page', () => {
  it('has each line with its time in milliseconds', () => {
    const text = [
      '2026-01-01T00:00:10.123456789Z INFO one',
      '  at a line without a time',
      '2026-01-01T00:00:09.5Z earlier: 2026-01-01T00:00:00Z stays',
      '2026-01-01T00:00:11Z ',
    ].join('\n');
    expect(unpackLog(packLog(`${text}\n`))).to.deep.equal([
      { at: at('00:00:10.123'), text: 'INFO one' },
      { at: at('00:00:10.123'), text: '  at a line without a time' },
      { at: at('00:00:09.500'), text: 'earlier: 2026-01-01T00:00:00Z stays' },
      { at: at('00:00:11'), text: '' },
    ]);
  });

  it('survives what is no log', () => {
    expect(unpackLog(packLog(''))).to.deep.equal([{ at: 0, text: '' }]);
    expect(unpackLog(packLog('9999-99-99T99:99:99Z x'))).to.deep.equal([
      { at: 0, text: '9999-99-99T99:99:99Z x' },
    ]);
  });
});
