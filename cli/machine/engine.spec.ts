import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { ensureEngine, planEngine, startDaemon, wakeEngine } from './engine.ts';
import { inspectEngine } from './engine-facts.ts';
import { type Provision, ProvisionError } from './provision.ts';

const debianRoot = { families: ['debian'], root: true };

describe('where no engine answers', () => {
  it('one is provided on Debian and Ubuntu as root', () => {
    expect(planEngine(debianRoot, {}).do).to.equal('provide');
    expect(planEngine({ families: ['ubuntu', 'debian'], root: true }, {}).do).to.equal('provide');
  });
  it('an engine that the user chose is never replaced', () => {
    const plan = planEngine(debianRoot, { DOCKER_HOST: 'tcp://10.0.0.1:2376' });
    expect(plan).to.include({ do: 'refuse' });
    expect(plan).to.have.property('why').that.includes('tcp://10.0.0.1:2376');
  });
  it('a user without rights learns what to do', () => {
    expect(planEngine({ families: ['debian'], root: false }, {}))
      .to.have.property('remedy')
      .that.includes('group "docker"');
  });
  it('users of other systems are asked to install Docker', () => {
    expect(planEngine({ families: ['fedora'], root: true }, {}))
      .to.have.property('remedy')
      .that.includes('Install and start Docker');
  });
});

describe('an engine that is installed', () => {
  let folder: string;
  let p: Provision;
  const said: string[] = [];
  const before = process.env.PATH;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'engine-'));
    await mkdir(path.join(folder, 'bin'));
    await symlink('/bin/sh', path.join(folder, 'bin/sh'));
    process.env.PATH = path.join(folder, 'bin');
    said.length = 0;
    p = {
      log: (line) => said.push(line),
      signal: new AbortController().signal,
      cacheDir: path.join(folder, 'cache'),
    };
  });
  afterEach(async () => {
    process.env.PATH = before;
    await rm(folder, { recursive: true });
  });

  async function install(name: string, script: string): Promise<void> {
    const file = path.join(folder, 'bin', name);
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
  }
  const refusal = async (attempt: Promise<unknown>): Promise<ProvisionError> => {
    const error = await attempt.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(ProvisionError);
    return error as ProvisionError;
  };

  it('is not installed by a command that only looks', async () => {
    expect(await wakeEngine(p)).to.equal(false);
    expect(said).to.deep.equal([]);
  });
  it('is left alone where it answers, on this machine or another', async () => {
    await install('docker', 'echo 27.0.1');
    expect(await wakeEngine(p)).to.equal(true);
    await install('dockerd', `: > ${folder}/started`);
    expect(await wakeEngine(p)).to.equal(true);
    expect(existsSync(path.join(folder, 'started'))).to.equal(false);
  });
  it('is never installed in place of Podman under its name', async () => {
    // As the package podman-docker has it: the version of no server, and its own name.
    await install('docker', 'case "$1" in --version) echo "podman version 4.3.1";; *) exit 125;; esac');
    expect((await refusal(ensureEngine(p))).message).to.include('Podman');
    expect(said).to.deep.equal([]);
  });
  it('shows whether it is rootless, and where it is', async () => {
    await install(
      'docker',
      `case "$1 $2" in
        "version --format") echo 27.0.1;;
        "info --format") echo '["name=seccomp,profile=builtin","name=rootless","name=seccomp"]';;
        "context inspect") echo "unix:///run/user/1000/docker.sock";;
      esac`,
    );
    expect(await inspectEngine(p)).to.deep.equal({
      version: '27.0.1',
      podman: false,
      rootless: true,
      endpoint: 'unix:///run/user/1000/docker.sock',
    });
  });
  it('is never taken for empty when it is on another machine and silent', async () => {
    await install('docker', 'exit 1');
    expect((await refusal(wakeEngine(p))).remedy).to.include('DOCKER_HOST');
  });
  it('is started again after the one that was stopping', async () => {
    const starts = path.join(folder, 'starts');
    await install('dockerd', `echo start >> ${starts}\nexit 1`);
    const count = (): number =>
      existsSync(starts) ? readFileSync(starts, 'utf8').trim().split('\n').length : 0;
    const version = await startDaemon(p, async () => (count() === 2 ? '27.0.1' : undefined), 5);
    expect(version).to.equal('27.0.1');
  });
  it('is reported as silent when it never answers, with the log to read', async () => {
    await install('dockerd', 'exit 1');
    const error = await refusal(startDaemon(p, async () => undefined, 0.1));
    expect(error.message).to.include('did not answer within 0.1 s');
    expect(error.remedy).to.include('dockerd.log');
  });
});
