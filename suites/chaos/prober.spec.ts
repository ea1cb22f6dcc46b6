import { expect } from 'chai';
import { longestAway, type Probe, Prober, WrongAnswer } from './prober.ts';

const probe = (at: number, outcome: Probe['outcome'], ms = 10): Probe => ({ at, ms, outcome });

describe('the longest time without a right answer', () => {
  it('is zero where all answers are right', () => {
    expect(longestAway([])).to.equal(0);
    expect(longestAway([probe(0, 'right', 900), probe(1000, 'right')])).to.equal(0);
  });
  it('reaches from the first request without one to the next right answer', () => {
    const probes = [probe(0, 'right'), probe(250, 'away'), probe(500, 'wrong'), probe(750, 'right', 30)];
    expect(longestAway(probes)).to.equal(530);
  });
  it('is that of the longest of several', () => {
    const probes = [probe(0, 'away'), probe(250, 'right'), probe(500, 'away', 5000), probe(5600, 'right')];
    expect(longestAway(probes)).to.equal(5110);
  });
  it('reaches to the last probe where the service stays away', () => {
    expect(longestAway([probe(0, 'right'), probe(250, 'away'), probe(500, 'away', 40)])).to.equal(290);
  });
});

describe('a prober', () => {
  it('distinguishes a wrong answer from none, and stops', async () => {
    const answers = [
      () => Promise.resolve(),
      () => Promise.reject(new WrongAnswer('41')),
      () => Promise.reject(new Error('refused')),
    ];
    let asked = 0;
    const prober = new Prober('x', () => {
      const answer = answers[asked % answers.length] ?? (() => Promise.resolve());
      asked += 1;
      return answer();
    }).start();
    while (prober.probes.length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
    await prober.stop();
    const { length } = prober.probes;
    expect(prober.probes.slice(0, 3).map(({ outcome }) => outcome)).to.deep.equal(['right', 'wrong', 'away']);
    expect(prober.probes[1]?.why).to.equal('WrongAnswer: 41');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(prober.probes).to.have.length(length);
  });
});
