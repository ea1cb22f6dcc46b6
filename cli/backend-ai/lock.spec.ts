import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { VERSIONS } from '../machine/versions.ts';
import {
  checkoutWanted,
  compileArguments,
  lockedPackages,
  lockedRelease,
  lockParts,
  preferring,
  releaseWanted,
  unresolvable,
  wheelsWanted,
} from './lock.ts';
import { PINNED_LOCK } from './pinned.ts';
import { wheelOf } from './wheels.ts';

const LOCK = [
  'aiohttp==3.13.5 \\',
  '    --hash=sha256:aa \\',
  '    --hash=sha256:bb',
  'backend-ai-krunner-static-gnu==4.4.0 \\',
  '    --hash=sha256:cc',
  'backend-ai-manager @ file:///build/wheels/backend_ai_manager-26.9.5-py3-none-any.whl \\',
  '    --hash=sha256:dd',
  'redis[hiredis]==7.1.0 ; sys_platform != "win32" \\',
  '    --hash=sha256:ee',
  '',
].join('\n');

describe('what uv is asked for', () => {
  it('is every component of a release', () => {
    const { requirements, overrides } = releaseWanted('26.8.3');
    expect(requirements).to.include('backend.ai-appproxy-worker==26.8.3').and.have.lengthOf(8);
    expect(overrides).to.deep.equal([]);
  });
  it('is the wheels of a folder in place of what packages ask for', () => {
    const wheel = wheelOf('backend_ai_common-26.9.6-py3-none-any.whl');
    const { requirements, overrides } = wheelsWanted('26.9.6', wheel ? [wheel] : []);
    expect(requirements).to.include('backend.ai-manager==26.9.6');
    expect(overrides).to.deep.equal([
      'backend-ai-common @ file:///build/wheels/backend_ai_common-26.9.6-py3-none-any.whl',
    ]);
  });
  it('is the requirements of a checkout, also against what the release asks for', () => {
    const { requirements, overrides } = checkoutWanted('26.9.6', ['aiohttp~=3.14']);
    expect(requirements).to.include.members(['backend.ai-cli==26.9.6', 'aiohttp~=3.14']);
    expect(overrides).to.deep.equal(['aiohttp~=3.14']);
  });
  it("is for the images' Python and this machine's processor", () => {
    const args = compileArguments('aarch64', { requirements: 'a', overrides: 'b', lock: 'c' }).join(' ');
    expect(args).to.include('--python-version 3.13 --python-platform aarch64-manylinux_2_31');
    // uv keeps the versions that it finds there.
    expect(args).to.include('--override b --output-file c a');
  });
});

describe('a preferred lock', () => {
  it('lacks the packages that wheels replace: their hashes are others', () => {
    const wheel = wheelOf('backend_ai_manager-26.9.5-py3-none-any.whl');
    const { preferred = '' } = preferring(wheelsWanted('26.9.5', wheel ? [wheel] : []), LOCK);
    expect(preferred).to.include('aiohttp==3.13.5').and.include('sha256:bb');
    expect(preferred).not.to.include('backend-ai-manager').and.not.include('sha256:dd');
  });
});

describe('a lock', () => {
  it('lists packages with versions, from an index and from a folder', () => {
    expect(lockedPackages(LOCK).map(({ name, version }) => `${name} ${version}`)).to.deep.equal([
      'aiohttp 3.13.5',
      'backend-ai-krunner-static-gnu 4.4.0',
      'backend-ai-manager 26.9.5',
      'redis 7.1.0',
    ]);
  });
  it('divides into third-party packages and those of Backend.AI, each with its hashes', () => {
    const { dependencies, packages } = lockParts(LOCK);
    expect(packages).to.equal(`${LOCK.split('\n').slice(5, 7).join('\n')}\n`);
    expect(dependencies.split('\n')).to.have.lengthOf(8);
    expect(dependencies).to.include('--hash=sha256:ee').and.not.include('sha256:dd');
  });
  it('has a release', () => {
    expect(lockedRelease(LOCK)).to.equal('26.9.5');
    expect(() => lockedRelease('')).to.throw(/no backend\.ai-manager/);
  });
  it('of git is the one of versions.json', () => {
    const lock = readFileSync(PINNED_LOCK, 'utf8');
    expect(lockedRelease(lock)).to.equal(VERSIONS.backendAi);
    const { dependencies, packages } = lockParts(lock);
    expect(lockedPackages(dependencies).length + lockedPackages(packages).length).to.equal(
      lock.match(/^\S/gm)?.length,
    );
  });
});

describe('a refusal of uv', () => {
  it('comes in its own words, with what to do', () => {
    const said =
      '  × No solution found when resolving dependencies:\n  ╰─▶ Because there is no version of a==2 and you require a==2, we can conclude that your requirements are unsatisfiable.';
    const error = unresolvable('26.9.6', said);
    expect(error.message).to.equal(
      'The packages of 26.9.6 cannot be resolved: Because there is no version of a==2 and you require a==2, we can conclude that your requirements are unsatisfiable.',
    );
    expect(error.remedy).to.include('another release');
  });
  it('names a damaged wheel', () => {
    const said =
      'error: Failed to read `backend-ai-manager @ file:///build/wheels/x.whl`\n  cause: Failed to extract archive: x.whl\n  cause: Invalid zip file structure';
    const error = unresolvable('1 wheels of dist', said);
    expect(error.message).to.match(/cannot be resolved: Failed to read `backend-ai-manager @ \S+x\.whl`$/);
    expect(error.remedy).to.include('damaged');
  });
  it('names the Python of the images where another one is wanted', () => {
    const said =
      'Because the requested Python version (>=3.13) does not satisfy Python>=3.14 and b==1 depends on Python>=3.14';
    expect(unresolvable('x', said).remedy).to.include('Python 3.13');
  });
});
