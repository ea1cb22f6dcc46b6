import { expect } from 'chai';
import { readWheels, wheelOf } from './wheels.ts';

const MANAGER = 'backend_ai_manager-26.9.6-py3-none-any.whl';
const COMMON = 'backend_ai_common-26.9.6-py3-none-any.whl';
const KRUNNER = 'backend_ai_krunner_static_gnu-4.4.0-py3-none-any.whl';
const binary = (machine: string) => `backend_ai_kernel_binary-26.9.6-py3-none-manylinux_2_28_${machine}.whl`;

describe('the name of a wheel', () => {
  it('says package, version, Python and platform', () => {
    expect(
      wheelOf('backend.ai_kernel-26.9.6-1-cp313.py3-none-linux_x86_64.manylinux_2_17_x86_64.whl'),
    ).to.include({
      name: 'backend-ai-kernel',
      version: '26.9.6',
    });
    expect(wheelOf(binary('x86_64'))?.platforms).to.deep.equal(['manylinux_2_28_x86_64']);
  });
  it('is not the name of another file', () => {
    for (const file of ['a.tar.gz', 'README.md', 'a-1.whl', '-1-py3-none-any.whl']) {
      expect(wheelOf(file), file).to.equal(undefined);
    }
  });
});

describe('a folder of wheels', () => {
  const read = (...files: string[]) => readWheels('dist', files, 'x86_64');
  const refusal = (...files: string[]): string => {
    try {
      read(...files);
    } catch (error) {
      const { message, remedy } = error as { message: string; remedy: string };
      return `${message} ${remedy}`;
    }
    throw new Error('it was accepted');
  };

  it('has the release of its packages, whatever else is in it', () => {
    const { release, wheels } = read(
      MANAGER,
      COMMON,
      KRUNNER,
      'aiohttp-3.13.5-py3-none-any.whl',
      'notes.txt',
    );
    expect(release).to.equal('26.9.6');
    expect(wheels.map(({ name }) => name)).to.deep.equal([
      'backend-ai-manager',
      'backend-ai-common',
      'backend-ai-krunner-static-gnu',
      'aiohttp',
    ]);
  });
  it("gives the wheel for this machine's processor", () => {
    const files = [binary('aarch64'), binary('x86_64')];
    expect(read(MANAGER, ...files).wheels.map(({ file }) => file)).to.deep.equal([MANAGER, binary('x86_64')]);
  });
  it('is refused without a wheel of Backend.AI', () => {
    expect(refusal('a.txt', 'aiohttp-3.13.5-py3-none-any.whl'))
      .to.include('no wheel of Backend.AI')
      .and.include('dist');
    expect(refusal(KRUNNER)).to.include('no wheel of Backend.AI');
  });
  it('is refused with two releases, which it names', () => {
    expect(refusal(MANAGER, 'backend_ai_agent-26.9.5-py3-none-any.whl')).to.include(
      '26.9.5 (backend-ai-agent), 26.9.6 (backend-ai-manager)',
    );
  });
  it('is refused where a package is only for another processor or Python', () => {
    expect(refusal(MANAGER, binary('aarch64')))
      .to.include('manylinux_2_28_aarch64')
      .and.include('x86_64');
    expect(refusal('backend_ai_kernel-26.9.6-cp312-cp312-linux_x86_64.whl')).to.include('Python cp312');
  });
});
