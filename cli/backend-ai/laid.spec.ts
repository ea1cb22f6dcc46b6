import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { COMPONENTS } from '@backendai-e2e/api/components';
import { expect } from 'chai';
import { type LaidSources, readLaid, rememberLaid, touchedSince } from './laid.ts';

const before: LaidSources = {
  refs: ['x/backend-ai-checkout:1', 'x/agent-checkout:1'],
  base: 'packages',
  version: '26.9.6',
  commit: 'a'.repeat(40),
  files: { 'manager/server.py': '1', 'agent/server.py': '1', 'common/utils.py': '1' },
};
const after = (files: Record<string, string>, more: Partial<LaidSources> = {}): LaidSources => ({
  ...before,
  refs: ['x/backend-ai-checkout:2'],
  ...more,
  files: { ...before.files, ...files },
});

describe('what an edit of a checkout touches', () => {
  it('is the component whose code changed', () => {
    expect(touchedSince(before, after({ 'manager/server.py': '2' }))).to.deep.equal({
      components: ['manager'],
      databases: false,
    });
  });
  it('is every component for shared code, and for a file that is gone', () => {
    const { 'common/utils.py': _gone, ...files } = before.files;
    expect(touchedSince(before, { ...before, files })?.components).to.deep.equal([...COMPONENTS]);
  });
  it('includes the databases where a migration is new', () => {
    const migration = after({ 'manager/models/alembic/versions/a.py': '1' });
    expect(touchedSince(before, migration)).to.deep.equal({ components: ['manager'], databases: true });
  });
  it('is nothing where all files are the same', () => {
    expect(touchedSince(before, after({}))).to.deep.equal({ components: [], databases: false });
  });
  for (const [what, more] of [
    ['another commit', { commit: 'b'.repeat(40) }],
    ['other packages', { base: 'others' }],
    ['another version', { version: '26.9.7' }],
  ] as const) {
    it(`may be anything with ${what}`, () => {
      expect(touchedSince(before, after({}, more))).to.equal(undefined);
    });
  }
  it('may be anything after an unknown build', () => {
    expect(touchedSince(undefined, after({}))).to.equal(undefined);
  });
});

describe('the builds of checkouts that were made', () => {
  let cache: string;
  beforeEach(() => {
    cache = mkdtempSync(path.join(tmpdir(), 'e2e-laid-'));
  });
  afterEach(() => rmSync(cache, { recursive: true }));

  it('are remembered, the newest first, each once', async () => {
    expect(await readLaid(cache)).to.deep.equal([]);
    const later = after({ 'manager/server.py': '2' });
    for (const one of [before, later, before]) await rememberLaid(cache, one);
    expect(await readLaid(cache)).to.deep.equal([before, later]);
  });
  it('are none where the file holds something else', async () => {
    await rememberLaid(cache, before);
    for (const text of ['{"half', '{}']) {
      writeFileSync(path.join(cache, 'backend-ai/laid.json'), text);
      expect(await readLaid(cache)).to.deep.equal([]);
    }
  });
});
