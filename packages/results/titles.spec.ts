import { expect } from 'chai';
import { fullTitle, matches, TestIds, titleMatches } from './titles.ts';

describe('titles of tests', () => {
  it('are printable lines, whatever characters the suite uses', () => {
    expect(fullTitle(['red\u001b[39m', 'a\u0000b \ud800'])).to.equal('red › a\ufffdb \ufffd');
    expect(fullTitle(['', ''])).to.equal('(no title)');
  });
  it('are one line, joined by the separator', () => {
    expect(fullTitle(['', 'create a  session', 'reaches\nRUNNING'])).to.equal(
      'create a session › reaches RUNNING',
    );
    expect(fullTitle(['x'.repeat(3000)])).to.have.length(1024);
  });
  it('give stable ids that differ by file and order', () => {
    const ids = new TestIds();
    const first = ids.next('a/b', 'one');
    expect(first).to.equal(new TestIds().next('a/b', 'one'));
    expect(ids.next('a/c', 'one')).not.to.equal(first);
    expect(ids.next('a/b', 'one')).to.equal(`${first}-2`);
  });
  it('match a pattern with and without the separator', () => {
    const path = ['create a session', 'reaches RUNNING'];
    expect(matches(path, /session › reaches/)).to.equal(true);
    expect(matches(path, /session reaches/g)).to.equal(true);
    expect(matches(path, /^reaches/)).to.equal(false);
    expect(matches(path, undefined)).to.equal(true);
    expect(titleMatches(fullTitle(path), /session reaches/)).to.equal(true);
    expect(titleMatches(fullTitle(path), /^reaches/)).to.equal(false);
  });
});
