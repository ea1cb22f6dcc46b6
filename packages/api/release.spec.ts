import { expect } from 'chai';
import {
  compareReleases,
  inRange,
  installedBuildInWords,
  rangeInWords,
  releaseParts,
  seriesOf,
  whyNotApplicable,
} from './release.ts';

describe('versions of Backend.AI', () => {
  it('sort by number, not by text, and a pre-release before its release', () => {
    const versions = ['26.10.0', '26.9.6', '26.9.10', '26.10.0rc1', '25.19.2', '26.9.6.dev1'];
    expect(versions.toSorted(compareReleases)).to.deep.equal([
      '25.19.2',
      '26.9.6.dev1',
      '26.9.6',
      '26.9.10',
      '26.10.0rc1',
      '26.10.0',
    ]);
  });
  it('are not texts of another form', () => {
    for (const text of ['', '26.9', 'latest', '26.9.6; rm', 'v26.9.6', '26.9.6-', '26.9.6.1']) {
      expect(releaseParts(text), text).to.equal(undefined);
    }
  });
  it('belong to a series', () => {
    expect(seriesOf('26.9.6')).to.equal('26.9');
  });
});

describe('a range of releases', () => {
  it('includes both ends', () => {
    const range = { since: '26.8.0', until: '26.9.2' };
    const inside = ['26.7.0', '26.8.0', '26.8.3', '26.9.2', '26.9.3'].map((one) => inRange(one, range));
    expect(inside).to.deep.equal([false, true, true, true, false]);
  });
  it('is open where an end is left out', () => {
    expect(inRange('20.9.1', {})).to.equal(true);
    expect(inRange('26.9.9', { since: '26.9.6' })).to.equal(true);
    expect(inRange('26.9.5', { until: '26.9.4' })).to.equal(false);
  });
  it('takes a pre-release for the release that it precedes', () => {
    expect(inRange('26.10.0.dev0', { since: '26.10.0' })).to.equal(true);
  });
  it('explains why a test does not apply, and is silent where it does or nothing is known', () => {
    const why = (version?: string) =>
      whyNotApplicable('the test', { since: '26.9.0' }, { where: 'e2e', version });
    expect(why('26.8.3')).to.equal('the test applies since 26.9.0, and e2e runs 26.8.3');
    for (const version of ['26.9.0', '26.9.0rc1', 'main', undefined])
      expect(why(version)).to.equal(undefined);
  });
  it('does not hold an unreadable version, unless it holds every one', () => {
    expect(inRange('nightly', { since: '26.9.0' })).to.equal(false);
    expect(inRange('nightly', {})).to.equal(true);
  });
  it('can be said in words', () => {
    expect(rangeInWords({ since: '26.9.0' })).to.equal('since 26.9.0');
    expect(rangeInWords({ until: '26.8.3' })).to.equal('until 26.8.3');
    expect(rangeInWords({ since: '26.8.0', until: '26.8.3' })).to.equal('from 26.8.0 to 26.8.3');
  });
});

describe('what is installed, in words', () => {
  it('has the commit and whether it was edited, where that is known', () => {
    const commit = 'c0032c47aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';
    expect(installedBuildInWords({ version: '26.9.6' })).to.equal('26.9.6');
    expect(installedBuildInWords({ version: '26.9.6', commit, modified: false })).to.equal(
      '26.9.6 (c0032c47aaaa)',
    );
    expect(installedBuildInWords({ version: '26.9.6', commit, modified: true })).to.equal(
      '26.9.6 (c0032c47aaaa, modified)',
    );
  });
});
