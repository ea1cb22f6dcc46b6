import { expect } from 'chai';
import {
  brokenSources,
  checkoutState,
  checkoutVersion,
  releaseBelow,
  runtimeRequirements,
} from './checkout.ts';

const COMMIT = 'c0032c47aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';

describe('a checkout', () => {
  it('has the version that its file holds', () => {
    expect(checkoutVersion('x', '26.9.6\n')).to.equal('26.9.6');
    expect(checkoutVersion('x', '26.10.0.dev0')).to.equal('26.10.0.dev0');
  });
  it('is refused without a version, or with another text in its file', () => {
    expect(() => checkoutVersion('../x', undefined)).to.throw(/\.\.\/x has src\/ai\/backend, but no version/);
    expect(() => checkoutVersion('../x', 'hello')).to.throw(/"hello", which is no version/);
  });
  it('has the commit and the state that git says', () => {
    expect(checkoutState(`${COMMIT}\n`, '')).to.deep.equal({ commit: COMMIT, modified: false });
    expect(checkoutState(COMMIT, ' M src/ai/backend/manager/server.py')).to.deep.equal({
      commit: COMMIT,
      modified: true,
    });
  });
  it('has no commit where git knows none', () => {
    expect(checkoutState(undefined, undefined)).to.deep.equal({});
    expect(checkoutState('fatal: not a git repository', '')).to.deep.equal({});
  });
  it('has requirements for what runs, not for what tests', () => {
    const text = [
      'aiohttp~=3.13.0',
      '',
      '# type stubs',
      'types-six',
      'pytest>=7.3',
      '-r other.txt',
      'janus~=1.0; sys_platform != "x"  # why',
      '',
    ].join('\n');
    expect(runtimeRequirements(text)).to.deep.equal(['aiohttp~=3.13.0', 'janus~=1.0; sys_platform != "x"']);
  });
});

describe('sources that cannot be compiled', () => {
  it('are named with the reason', () => {
    const output =
      '#9 [5/5] RUN python /build/lay.py\n#9 1.204 manager/server.py cannot be compiled: SyntaxError: invalid syntax (server.py, line 3)\n#9 ERROR';
    const error = brokenSources('/x', output);
    expect(error?.message).to.equal(
      '/x/src/ai/backend/manager/server.py cannot be compiled: SyntaxError: invalid syntax (server.py, line 3)',
    );
    expect(error?.remedy).to.include('Correct that file');
  });
  it('are not the cause of another failure', () => {
    expect(brokenSources('/x', 'no space left on device')).to.equal(undefined);
  });
});

describe('the release below a checkout', () => {
  const PUBLISHED = ['26.9.6', '26.9.0', '26.8.3'];

  it('is its own where it is published', () => expect(releaseBelow('26.9.0', PUBLISHED)).to.equal('26.9.0'));
  it('is the newest before it', () => {
    expect(releaseBelow('26.10.0.dev0', PUBLISHED)).to.equal('26.9.6');
    expect(releaseBelow('26.8.9', PUBLISHED)).to.equal('26.8.3');
  });
  it('is the oldest where all are later', () => expect(releaseBelow('26.1.0', PUBLISHED)).to.equal('26.8.3'));
  it('does not exist where nothing is published', () => {
    expect(() => releaseBelow('26.9.0', [])).to.throw(/lists no release/);
  });
});
