import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { COMPONENTS } from '@backendai-e2e/api/components';
import { expect } from 'chai';
import { execaSync } from 'execa';
import { componentsOf } from '../backend-ai/owners.ts';
import { type Provision, ProvisionError } from '../machine/provision.ts';
import { mixedValue } from './culprits.ts';
import {
  addCopy,
  commitsSince,
  headBuild,
  readHead,
  refuseOtherDatabase,
  removeCopy,
  touchedBetween,
} from './history.ts';

describe('the components of a change', () => {
  for (const [what, paths, found] of [
    ['one folder', ['src/ai/backend/manager/api/a.py'], ['manager']],
    ['several', ['src/ai/backend/web/a.py', 'src/ai/backend/storage/a.py'], ['storage-proxy', 'webserver']],
    ['code that runs in sessions', ['src/ai/backend/kernel/a.py'], ['agent']],
    ['one part of the app proxy', ['src/ai/backend/appproxy/worker/a.py'], ['appproxy-worker']],
    ['shared code', ['src/ai/backend/common/a.py'], [...COMPONENTS]],
    ['third-party packages', ['requirements.txt'], [...COMPONENTS]],
    ['tests and documents', ['tests/manager/a.py', 'docs/requirements.txt'], []],
  ] as const) {
    it(`are right for ${what}`, () => expect(componentsOf(paths)).to.deep.equal(found));
  }
  it('are deployed one beside all others', () => {
    expect(mixedValue('agent', '26.9.2', '/tmp/a')).to.equal(
      'manager=/tmp/a,agent=26.9.2,storage-proxy=/tmp/a,webserver=/tmp/a,' +
        'appproxy-coordinator=/tmp/a,appproxy-worker=/tmp/a',
    );
  });
});

describe('the history of a checkout', function () {
  this.timeout(60_000);
  let root: string;
  let folder: string;
  let p: Provision;
  const git = (...args: string[]) => {
    const who = ['-c', 'user.name=e2e', '-c', 'user.email=e2e@example.com', '-c', 'commit.gpgSign=false'];
    return execaSync('git', ['-C', folder, ...who, ...args]).stdout;
  };
  const write = (file: string, text: string) => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  };
  const change = (file: string, text: string) => {
    write(file, text);
    git('add', '.');
    git('commit', '--quiet', '--message', `Write ${text}`);
  };

  before(() => {
    root = mkdtempSync(path.join(tmpdir(), 'e2e-bisect-'));
    folder = path.join(root, 'backend.ai');
    p = { log: () => {}, signal: AbortSignal.timeout(60_000), cacheDir: path.join(root, 'cache') };
    mkdirSync(folder);
    git('init', '--quiet');
    change('src/ai/backend/manager/a.py', 'one');
    change('src/ai/backend/agent/a.py', 'two');
    change('src/ai/backend/manager/a.py', 'three');
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  it('is all commits, oldest first, without a tag of the release', async () => {
    const head = await readHead(folder, false, p);
    const commits = await commitsSince('26.9.6', head, p);
    expect(commits.map((build) => (build.kind === 'commit' ? build.subject : build.kind))).to.deep.equal([
      ...['Write one', 'Write two', 'Write three'],
    ]);
    expect(commits.at(-1)).to.deep.equal(headBuild(head));
  });

  it('begins after the tag of the release, and ends with edits', async () => {
    git('tag', 'v26.9.5', 'HEAD~1');
    const commits = await commitsSince('26.9.5', await readHead(folder, true, p), p);
    expect(commits.map(({ kind }) => kind)).to.deep.equal(['commit', 'edits']);
  });

  it('says which components a commit and the edits touch', async () => {
    const head = await readHead(folder, true, p);
    const [first, second, third, edits] = await commitsSince('26.9.6', head, p);
    if (!first || !second || !third || !edits) throw new Error('there are three commits and edits');
    expect(await touchedBetween(first, second, folder, p)).to.deep.equal(['agent']);
    expect(await touchedBetween(first, third, folder, p)).to.deep.equal(['manager', 'agent']);
    const release = { kind: 'release', version: '26.9.6' } as const;
    expect(await touchedBetween(release, second, folder, p)).to.deep.equal(['agent']);
    expect(await touchedBetween(release, first, folder, p), 'the first has no parent').to.deep.equal([
      ...COMPONENTS,
    ]);
    write('src/ai/backend/web/new.py', 'four');
    expect(await touchedBetween(third, edits, folder, p)).to.deep.equal(['webserver']);
  });

  it('gives a commit a folder of its own, and leaves the checkout as it is', async () => {
    const before = git('status', '--porcelain', '--branch');
    const copy = await addCopy(folder, git('rev-parse', 'HEAD~2'), p);
    expect(readFileSync(path.join(copy, 'src/ai/backend/manager/a.py'), 'utf8')).to.equal('one');
    expect(git('status', '--porcelain', '--branch')).to.equal(before);
    expect(git('worktree', 'list').split('\n')).to.have.length(1);
    await removeCopy(copy);
    expect(() => readFileSync(path.join(copy, '.git/HEAD'))).to.throw('ENOENT');
  });

  it('is refused for a folder without commits', async () => {
    const bare = path.join(root, 'empty');
    mkdirSync(bare);
    let refusal: unknown;
    await readHead(bare, false, p).catch((error: unknown) => {
      refusal = error;
    });
    expect(refusal).to.be.instanceOf(ProvisionError);
  });

  it('is searched on one database only where no commit migrates it', async () => {
    git('tag', '26.9.6');
    change('src/ai/backend/manager/a.py', 'seven');
    const release = { kind: 'release', version: '26.9.6' } as const;
    const refusal = async (...between: string[]) => {
      const head = await readHead(folder, false, p);
      const releases = between.map((version) => ({ kind: 'release', version }) as const);
      return refuseOtherDatabase([release, ...releases, headBuild(head)], head, p).then(
        () => 'none',
        (error: unknown) => (error instanceof ProvisionError ? error.message : String(error)),
      );
    };
    expect(await refusal()).to.equal('none');
    expect(await refusal('26.9.7')).to.match(/the commits of one release/);
    change('src/ai/backend/manager/models/alembic/versions/b.py', 'eight');
    expect(await refusal()).to.match(/migrates the database \(src\/.*b\.py\)/);
    git('tag', '--delete', '26.9.6');
    expect(await refusal()).to.match(/no tag of 26\.9\.6/);
  });
});
