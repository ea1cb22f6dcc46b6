import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { valuesOf, valuesPages } from './values-doc.ts';

describe('reference of the values', () => {
  for (const chart of ['e2e-operator', 'backend-ai'] as const) {
    it(`explains every value of charts/${chart}`, () => {
      const values = valuesOf(chart);
      expect(values.length).to.be.greaterThan(15);
      expect(values.filter(({ description }) => description === '').map(({ path }) => path)).to.deep.equal(
        [],
      );
    });
  }

  it('lists values of the schema alone, and defaults', () => {
    const values = new Map(valuesOf('e2e-operator').map((value) => [value.path, value]));
    expect(values.get('schedule.run.grep')).to.deep.include({ type: 'string', standard: '' });
    expect(values.get('schedule.concurrencyPolicy')).to.deep.include({
      type: '`"Forbid"`, `"Replace"`',
      standard: '"Forbid"',
    });
  });

  it('is up to date (run "make docs")', () => {
    for (const { file, content } of valuesPages()) {
      expect(readFileSync(file, 'utf8'), file).to.equal(content);
    }
  });
});
