import { readFileSync } from 'node:fs';
import path from 'node:path';
import { compareReleases, type ReleaseRange, releaseParts } from '@backendai-e2e/api/release';
import { expect } from 'chai';
import { CHART } from '../../rendering/backend-ai.ts';

const read = (file: string): string => readFileSync(path.join(CHART, 'files/bootstrap', file), 'utf8');
const table = JSON.parse(read('differences.json')) as Record<string, Record<string, ReleaseRange>>;

describe('the differences between releases', () => {
  it('hold for a range of releases each', () => {
    for (const [kind, entries] of Object.entries(table)) {
      for (const [name, range] of Object.entries(entries)) {
        const ends = Object.entries(range);
        expect(ends.length, `${kind} ${name}`).to.be.within(1, 2);
        for (const [end, release] of ends) {
          expect(end).to.be.oneOf(['since', 'until']);
          const isSeries = end === 'until' && /^\d+\.\d+$/.test(release);
          expect(isSeries || releaseParts(release), `${kind} ${name}`).to.be.ok;
        }
        // A series stands for its last patch.
        const last = range.until?.replace(/^\d+\.\d+$/, '$&.9999');
        if (range.since && last) expect(compareReleases(range.since, last), name).to.be.at.most(0);
      }
    }
  });

  it('name what the bootstrap does', () => {
    const kinds = {
      steps: 'first_rows.py',
      tables: 'fixture.py',
      columns: 'fixture.py',
      projects: 'fixture.py',
    };
    expect(Object.keys(table).toSorted()).to.deep.equal(Object.keys(kinds).toSorted());
    for (const [kind, file] of Object.entries(kinds)) {
      const text = read(file);
      for (const name of Object.keys(table[kind] ?? {})) {
        for (const word of kind === 'columns' ? name.split('.') : [name]) {
          expect(text, `${kind} ${name} in ${file}`).to.include(`"${word}"`);
        }
      }
    }
  });
});
