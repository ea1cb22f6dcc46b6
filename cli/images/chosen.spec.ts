import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { Choice, Source } from '../backend-ai/choice.ts';
import type { BackendAi } from '../backend-ai/packages.ts';
import { PINNED_LOCK } from '../backend-ai/pinned.ts';
import { CommandError } from '../machine/command.ts';
import { VERSIONS } from '../machine/versions.ts';
import { chooseImages } from './chosen.ts';
import type { Builder } from './extras.ts';

const PINNED: Source = { kind: 'release', version: VERSIONS.backendAi };

describe('the images of a choice', () => {
  let pinned: Builder;
  let built: string[];
  before(async () => {
    const p = { log: () => {}, signal: new AbortController().signal, cacheDir: '/nowhere' };
    const backendAi: BackendAi = { title: 'pinned', lock: await readFile(PINNED_LOCK, 'utf8') };
    const build = async (name: string) => {
      built.push(name);
      return `x/${name}:1`;
    };
    pinned = { p, backendAi, keyOf: async () => 'key', build, stop: () => {} };
  });
  beforeEach(() => {
    built = [];
  });
  const images = async (choice?: Choice) => (await chooseImages(choice, pinned, () => pinned))();

  it('are those of the pinned release without one, or where it is asked for', async () => {
    const release = VERSIONS.backendAi;
    for (const choice of [undefined, PINNED])
      expect(await images(choice)).to.deep.equal({ refs: {}, components: {}, release });
    expect(built).to.deep.equal([]);
  });
  it('have no snapshot of empty databases for a kept cluster', async () => {
    const cacheDir = await mkdtemp(path.join(tmpdir(), 'e2e-chosen-'));
    const { PATH } = process.env;
    try {
      // Stands for uv.
      await writeFile(path.join(cacheDir, 'docker'), '#!/bin/sh\necho backend-ai-manager==26.9.6\n', {
        mode: 0o755,
      });
      process.env.PATH = `${cacheDir}:${PATH}`;
      const builder = { ...pinned, p: { ...pinned.p, cacheDir } };
      const wheels: Choice = { kind: 'wheels', folder: cacheDir, release: VERSIONS.backendAi, wheels: [] };
      const refs = async (withSnapshot: boolean) =>
        (await (await chooseImages(wheels, builder, () => builder, { withSnapshot }))()).refs;
      expect(await refs(true)).to.include({ bootstrap: 'x/bootstrap:1' });
      expect(await refs(false)).to.include({ bootstrap: 'x/backend-ai:1' });
      expect(built.filter((name) => name === 'bootstrap')).to.have.length(1);
    } finally {
      process.env.PATH = PATH;
      await rm(cacheDir, { recursive: true });
    }
  });
  it('are built for the components named alone', async () => {
    const { refs, components } = await images({
      kind: 'components',
      components: { 'storage-proxy': PINNED, agent: PINNED },
    });
    expect(refs).to.deep.equal({ agent: 'x/agent:1' });
    expect(components).to.deep.equal({ 'storage-proxy': 'x/backend-ai:1' });
  });
  it('bring the suites the programs of the manager', async () => {
    const { refs, components } = await images({ kind: 'components', components: { manager: PINNED } });
    expect(refs).to.deep.equal({ 'suites-backend-ai': 'x/suites-backend-ai:1' });
    expect(components).to.deep.equal({ manager: 'x/backend-ai:1' });
  });
  it('are not looked for before everything that is asked for exists', async () => {
    const failing: Builder = {
      ...pinned,
      build: async () => {
        throw new CommandError('uv', 'look', 125, 'no engine');
      },
    };
    const components = { manager: PINNED, agent: { kind: 'latest' } as const };
    const error = await chooseImages({ kind: 'components', components }, failing, () => pinned).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.an('error');
    expect(built).to.deep.equal([]);
  });
});
