import { expect } from 'chai';
import type { Defect } from './defect-list.ts';
import { digestOf, isGood, merged, stillToTry, summaryOf, type Tried, tableOf } from './results.ts';

const defect = (name: string): Defect => ({
  name,
  component: 'manager',
  kind: 'false answer',
  wrong: 'It lies.',
  way: { by: 'withheld', host: 's3' },
  suites: ['s', 't'],
  says: /a/,
});
const tried = (name: string, state: Tried['state']): Tried => ({
  name,
  state,
  seenBy: state === 'caught' ? ['t'] : [],
  said: 'a | b',
  digest: digestOf(defect(name)),
});

describe('the results of planted defects', () => {
  it('continue with what was never tried, unproven, or changed since', () => {
    const defects = ['a', 'b', 'c', 'd'].map(defect);
    const earlier = [
      tried('a', 'caught'),
      tried('b', 'unproven'),
      { ...tried('c', 'missed'), digest: 'old' },
    ];
    expect(stillToTry(defects, earlier).map(({ name }) => name)).to.deep.equal(['b', 'c', 'd']);
  });

  it('hold one outcome for each defect, the latest', () => {
    const all = merged([tried('a', 'missed'), tried('b', 'caught')], [tried('a', 'caught')]);
    expect(all.map(({ name, state }) => `${name} ${state}`)).to.deep.equal(['b caught', 'a caught']);
  });

  it('are a table with the suites that saw each defect and the first message', () => {
    const table = tableOf([defect('a'), defect('z')], [tried('a', 'caught')]);
    expect(table).to.include('| a | manager | caught | – s<br>✔ t | a \\| b |');
    expect(table).not.to.include('| z |');
    const narrow = tableOf([defect('a')], [tried('a', 'caught')], { wide: false });
    expect(narrow).to.include('| a | manager | caught | – s<br>✔ t |\n');
  });

  it('are good when at least 95 % were caught', () => {
    const caught = Array.from({ length: 19 }, (_, index) => tried(String(index), 'caught'));
    expect(isGood([...caught, tried('a', 'missed')])).to.equal(true);
    for (const state of ['missed', 'unnamed', 'unproven'] as const) {
      expect(isGood([...caught.slice(1), tried('a', state)]), state).to.equal(false);
    }
  });

  it('are summed up with the names of what was not caught', () => {
    const all = [tried('a', 'caught'), tried('b', 'missed'), tried('c', 'unnamed')];
    expect(summaryOf(all)).to.equal('1 of 3 defects caught; unnamed: c; missed: b');
  });
});
