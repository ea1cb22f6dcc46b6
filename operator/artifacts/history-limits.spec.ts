import { historyOwner } from '@backendai-e2e/api/artifact-key';
import { historyFileName } from '@backendai-e2e/results/history/file-name';
import { expect } from 'chai';
import { recordsIn, runsBeyondLimits } from './history-limits.ts';

const uid = (day: number) => `00000000-0000-4000-8000-0000000000${String(day).padStart(2, '0')}`;
const at = (day: number) => `2026-01-${String(day).padStart(2, '0')}T02:00:00.000Z`;

const stored = (day: number, bytes: number) => {
  const file = historyFileName({ startedAt: at(day), uid: uid(day) }).toLowerCase();
  return { place: { ...historyOwner('ns', uid(day)), key: `${'a'.repeat(64)}.0.${file}` }, bytes };
};

describe('the history on the artifact server', () => {
  it('is not mixed up with the artifacts of reports, with the start of each run', () => {
    const report = { place: { ...stored(1, 5).place, report: 'run-s-1' }, bytes: 5 };
    expect(recordsIn([report, stored(2, 7)])).to.deep.equal([
      { uid: uid(2), startedAt: Date.parse(at(2)), bytes: 7 },
    ]);
  });

  it('loses what is too old, and the oldest that do not fit', () => {
    const records = recordsIn([3, 1, 4, 2].map((day) => stored(day, 10)));
    const now = new Date(at(5));
    expect(runsBeyondLimits(records, { bytes: 100, days: 400 }, now)).to.deep.equal([]);
    expect(runsBeyondLimits(records, { bytes: 25, days: 400 }, now)).to.deep.equal([uid(2), uid(1)]);
    expect(runsBeyondLimits(records, { bytes: 100, days: 3 }, now)).to.deep.equal([uid(1)]);
  });
});
