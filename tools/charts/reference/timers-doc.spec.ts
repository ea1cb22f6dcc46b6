import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import {
  chartTimers,
  notedTimers,
  TIMERS_PAGE,
  timerLines,
  timersPage,
  valueOfPlaceholder,
} from './timers-doc.ts';

describe('the table of timers', () => {
  it('is up to date (run "make docs")', () => {
    expect(readFileSync(TIMERS_PAGE, 'utf8')).to.equal(timersPage());
  });

  it('finds the times in a configuration, with their sections', () => {
    const text =
      '[a]\nsize = 3\nheartbeat-timeout = @X@\n[b.c]\ninterval = 30.0\n# timeout = 1\nexpire = "1d"\n';
    expect(timerLines('manager', text).map(({ key, value }) => `${key}=${value}`)).to.deep.equal([
      'a.heartbeat-timeout=@X@',
      'b.c.interval=30.0',
      'b.c.expire=1d',
    ]);
  });

  it('refuses a timer that it does not explain, and one that the chart no longer sets', () => {
    const lines = chartTimers();
    const more = { component: 'agent', key: 'agent.new-timeout', value: '1' };
    expect(() => notedTimers([...lines, more])).to.throw('no note on the timer "agent agent.new-timeout"');
    expect(() => notedTimers(lines.slice(1))).to.throw('no longer sets');
  });

  it('names the value of the chart that sets a timer', () => {
    expect(valueOfPlaceholder('HEARTBEAT_INTERVAL')).to.equal('agent.heartbeatIntervalSeconds');
    expect(() => valueOfPlaceholder('NO_SUCH_TIMER')).to.throw('NO_SUCH_TIMER');
  });

  it('has no heartbeat that comes later than its timeout, by default and in the tests', () => {
    const rows = timersPage()
      .split('\n')
      .filter((line) => line.includes('heartbeat'))
      .map((line) => line.split('|').map((cell) => cell.trim()));
    const of = (component: string) =>
      rows
        .find(([, name]) => name === component)
        ?.slice(4, 6)
        .map(Number) ?? [];
    for (const [sender, receiver] of [
      ['agent', 'manager'],
      ['app-proxy-worker', 'app-proxy-coordinator'],
    ] as const) {
      of(sender).forEach((interval, index) => {
        expect(interval * 2, sender).to.be.at.most(of(receiver)[index] ?? 0);
      });
      expect(of(sender)).to.have.length(2);
    }
  });
});
