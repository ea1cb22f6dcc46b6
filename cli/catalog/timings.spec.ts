import { expect } from 'chai';
import { PROJECT_ROOT } from '../machine/provision.ts';
import { readTimings, timingsText } from './timings.ts';

describe('the timings of suites', () => {
  it('take the seconds of a run, keep those of a suite that did not run, and drop unknown suites', () => {
    const text = timingsText(
      new Map([
        ['a', 10],
        ['b', 20],
        ['gone', 30],
      ]),
      [{ name: 'a', seconds: 0.2 }, { name: 'c', seconds: 41.6 }, { name: 'b' }],
      ['c', 'b', 'a', 'never'],
    );
    expect(JSON.parse(text)).to.deep.equal({ a: 1, b: 20, c: 42 });
    expect(text).to.match(/^\{\n {2}"a": 1,\n[\s\S]*\}\n$/);
  });

  it('of this checkout can be read', async () => {
    expect((await readTimings(PROJECT_ROOT)).get('audit-leaks')).to.be.greaterThan(0);
  });
});
