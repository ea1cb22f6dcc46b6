import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { choiceInWords, machineOf, readChoice } from './choice.ts';

describe('the value of --backend-ai', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'choice-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const p = { log: () => {}, signal: new AbortController().signal, cacheDir: '/nowhere' };
  const read = (text: string) => readChoice(text, p);
  const refusal = async (text: string): Promise<string> => {
    const error: unknown = await read(text).catch((thrown: unknown) => thrown);
    expect(error, text).to.be.an('error').with.property('remedy').that.is.a('string');
    const { message, remedy } = error as { message: string; remedy: string };
    return `${message} ${remedy}`;
  };
  const put = (file: string, text: string) => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  };

  it('is a release, a series or the newest', async () => {
    expect(await read('26.8.3')).to.deep.equal({ kind: 'release', version: '26.8.3' });
    expect(await read('26.9')).to.deep.equal({ kind: 'series', series: '26.9' });
    expect(await read('latest')).to.deep.equal({ kind: 'latest' });
  });
  it('is a folder of wheels', async () => {
    put('backend_ai_agent-26.9.5-py3-none-any.whl', '');
    const choice = await read(folder);
    expect(choice).to.include({ kind: 'wheels', release: '26.9.5' });
    expect(choiceInWords(choice)).to.equal(`1 wheels of ${folder} (26.9.5)`);
  });
  it('is a checkout, with its commit and what differs from it', async () => {
    put('src/ai/backend/manager/VERSION', '26.9.6\n');
    put('src/ai/backend/manager/server.py', 'one = 1\n');
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args]);
    git('init', '-q');
    git('add', '.');
    git('commit', '-q', '-m', 'one');
    put('notes.txt', 'not a source');
    expect(await read(folder)).to.include({ kind: 'checkout', version: '26.9.6', modified: false });
    put('src/ai/backend/manager/server.py', 'one = 2\n');
    const edited = await read(folder);
    expect(edited).to.include({ modified: true }).and.to.have.property('commit').with.lengthOf(40);
    expect(choiceInWords(edited)).to.match(/\(26\.9\.6, [0-9a-f]{12}, modified\)$/);
  });
  it('is a checkout without git, whose commit is not known', async () => {
    put('src/ai/backend/common/types.py', '');
    put('VERSION', '26.10.0.dev0');
    expect(await read(folder)).to.not.have.any.keys('commit', 'modified');
  });
  it('is a list by component', async () => {
    put('backend_ai_agent-26.9.5-py3-none-any.whl', '');
    const choice = await read(`manager=26.9, agent=${folder},webserver=image=registry.example:5000/web:1`);
    expect(choice).to.have.property('kind', 'components');
    const { components } = choice as { components: Record<string, unknown> };
    expect(components).to.have.all.keys('manager', 'agent', 'webserver');
    expect(components.manager).to.deep.equal({ kind: 'series', series: '26.9' });
    expect(components.webserver).to.deep.equal({ kind: 'image', ref: 'registry.example:5000/web:1' });
    expect(choiceInWords(choice)).to.equal(
      `manager 26.9 (newest patch), agent 1 wheels of ${folder} (26.9.5), webserver image registry.example:5000/web:1`,
    );
    expect(await refusal('manager=missing')).to.include('neither a release nor a folder');
    expect(await refusal('manager=image=no tag')).to.include('no reference with a tag or a digest');
  });
  it('is refused in one sentence for anything else', async () => {
    expect(await refusal(folder))
      .to.include('neither wheels')
      .and.include('src/ai/backend');
    expect(await refusal(path.join(folder, 'missing'))).to.include('neither a release nor a folder');
    expect(await refusal('26.9.x')).to.include('neither a release nor a folder');
    expect(await refusal('image=registry.example/x:1')).to.include('manager=image=registry.example/x:1');
    put('src/ai/backend/x.py', '');
    expect(await refusal(folder)).to.include('but no version');
  });
});

describe('the processor of a machine', () => {
  it('is one that Backend.AI has packages for', () => {
    expect(machineOf('x64')).to.equal('x86_64');
    expect(machineOf('arm64')).to.equal('aarch64');
    expect(() => machineOf('arm')).to.throw(/no packages for the processor arm/);
  });
});
