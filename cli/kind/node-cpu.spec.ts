import { expect } from 'chai';
import { Machine } from './kind-fixtures.ts';
import { costBetween, parseNodeCpu } from './node-cpu.ts';

const STAT = '2\nusage_usec 1500000\nuser_usec 900000\nsystem_usec 600000\nnr_periods 0\n';

describe('the CPU of the node', () => {
  it('is read from its cgroup, in seconds', () => {
    expect(parseNodeCpu(STAT)).to.deep.equal({ cpuSeconds: 1.5, cores: 2 });
  });

  for (const text of ['', '2\n', 'usage_usec 5\n', '2\nusage_usec many\n', 'cat: no such file']) {
    it(`is not known from ${JSON.stringify(text)}`, () => {
      expect(parseNodeCpu(text)).to.equal(undefined);
    });
  }

  it('of a run is what was used between its start and its end', () => {
    const [before, after] = [100.04, 160.09].map((cpuSeconds) => ({ cpuSeconds, cores: 2 }));
    expect(costBetween(before, after)).to.deep.equal({ cpuSeconds: 60.1, cores: 2 });
    expect(costBetween(after, before)).to.equal(undefined);
    expect(costBetween(undefined, after)).to.equal(undefined);
  });

  it('is in the record of a job whose run ended', async () => {
    const machine = new Machine();
    expect((await machine.job()).state.cost).to.deep.equal({ cpuSeconds: 30, cores: 2 });
  });

  it('that cannot be read changes nothing else', async () => {
    const machine = new Machine();
    machine.cpu = () => undefined;
    const { ending, state } = await machine.job();
    expect([ending.code, state.cost]).to.deep.equal([0, undefined]);
  });
});
