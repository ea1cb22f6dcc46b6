import { expect } from 'chai';
import { askedRelease, chooseRelease, nearestReleases, publishedReleases } from './release.ts';

const PUBLISHED = ['26.10.0rc1', '26.9.6', '26.9.10', '26.9.5', '26.8.3', '26.8.2', '26.7.0', '26.4.16'];

describe('the release that is asked for', () => {
  const chosen = (text: string) => {
    const asked = askedRelease(text);
    if (!asked) throw new Error(`${text} asks for no release`);
    return chooseRelease(asked, PUBLISHED);
  };

  it('is a published one', () => expect(chosen('26.8.2')).to.equal('26.8.2'));
  it('is the newest patch of a series, by number', () => expect(chosen('26.9')).to.equal('26.9.10'));
  it('is the newest of all, and a pre-release only by its name', () => {
    expect(chosen('latest')).to.equal('26.9.10');
    expect(chosen('26.10.0rc1')).to.equal('26.10.0rc1');
  });
  it('is refused with the nearest ones', () => {
    expect(() => chosen('26.8.9'))
      .to.throw(/no Backend\.AI 26\.8\.9/)
      .with.property('remedy', 'Ask for one of the nearest: 26.8.2, 26.8.3, 26.9.5.');
    expect(() => chosen('26.6'))
      .to.throw()
      .with.property('remedy')
      .that.includes('26.4, 26.7, 26.8');
  });
  it('is refused where the index lists nothing', () => {
    expect(() => chooseRelease({ kind: 'latest' }, []))
      .to.throw()
      .with.property('remedy')
      .that.includes('lists no');
  });
  it('is no release for another text', () => {
    for (const text of ['', 'dist', '../backend.ai', '26', '26.9.x', '26.9.6 ']) {
      expect(askedRelease(text), text).to.equal(undefined);
    }
  });
});

describe('the nearest releases', () => {
  const near = (version: string) => nearestReleases({ kind: 'release', version }, PUBLISHED);

  it('are those before, where none is after', () => {
    expect(near('27.1.0')).to.deep.equal(['26.9.5', '26.9.6', '26.9.10']);
  });
  it('include a pre-release for another pre-release', () => {
    expect(near('26.11.0rc1')).to.include('26.10.0rc1');
  });
  it('are those after, where none is before', () => {
    expect(near('1.0.0')).to.deep.equal(['26.4.16', '26.7.0', '26.8.2']);
  });
});

describe('the list of published releases', () => {
  it('is read from what pip prints', () => {
    const output =
      'backend.ai-manager (26.9.6)\nAvailable versions: 26.9.6, 26.9.5, 20.9.0\n  INSTALLED: 26.9.6\n';
    expect(publishedReleases(output)).to.deep.equal(['26.9.6', '26.9.5', '20.9.0']);
  });
  it('is empty for another output', () => expect(publishedReleases('ERROR: none')).to.deep.equal([]));
});
