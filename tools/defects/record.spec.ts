import { expect } from 'chai';
import type { Defect } from './defect-list.ts';
import { defectsPage } from './defects-page.ts';
import { type Recorded, recordWith, settledIn, stateIn, withoutIds } from './record.ts';
import { digestOf, type Tried } from './results.ts';

const defect = (name: string): Defect => ({
  name,
  component: 'manager',
  kind: 'false answer',
  wrong: 'It lies.',
  way: { by: 'withheld', host: 's3' },
  suites: ['s'],
  says: /a/,
});
const tried = (name: string, state: Tried['state']): Tried => ({
  name,
  state,
  seenBy: state === 'caught' ? ['s'] : [],
  said: 'said',
  digest: digestOf(defect(name)),
});
const DAY = { on: '2026-11-30', release: '26.9.6' };

describe('the record of planted defects', () => {
  const earlier: Recorded[] = recordWith(
    [defect('a'), defect('b')],
    [],
    [tried('a', 'caught'), tried('b', 'missed')],
    DAY,
  );

  it('keeps the last outcome of each defect with day and release, in the order of the list', () => {
    const later = { on: '2026-12-01', release: '26.9.7' };
    const now = recordWith([defect('b'), defect('a'), defect('c')], earlier, [tried('b', 'caught')], later);
    expect(now.map(({ name, state, on, release }) => [name, state, on, release])).to.deep.equal([
      ['b', 'caught', '2026-12-01', '26.9.7'],
      ['a', 'caught', '2026-11-30', '26.9.6'],
    ]);
  });

  it('counts a defect as not planted when its row has changed since, or when it was never tried', () => {
    const changed: Defect = { ...defect('a'), suites: ['t'] };
    expect(
      [defect('a'), defect('b'), defect('c'), changed].map((one) => stateIn(earlier, one)),
    ).to.deep.equal(['caught', 'missed', 'not planted', 'not planted']);
  });

  it('settles the defects whose rows are as they were', () => {
    const changed: Defect = { ...defect('a'), suites: ['t'] };
    expect(settledIn(earlier, [changed, defect('b'), defect('c')]).map(({ name }) => name)).to.deep.equal([
      'b',
    ]);
  });

  it('is shown on the page, with a sum', () => {
    const page = defectsPage([defect('a'), defect('b'), defect('c')], earlier);
    expect(page).to.include('1 caught, 1 missed, 1 not planted.');
    expect(page).to.include('| `a` | caught | 2026-11-30 | 26.9.6 | s |');
    expect(page).to.include('| `c` | not planted | – | – |');
  });

  it('holds no ids of one run', () => {
    const text = 'session 0b8e0c1e-6b7f-4d3c-9a38-1f5c6a2a9b10 of e2e-session-1a2b3c4d-2 and key e2e';
    expect(withoutIds(text)).to.equal('session <id> of e2e-session-<id> and key e2e');
  });
});
