import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { NO_SOURCES } from './checkout.ts';
import { Saves } from './saves.ts';

describe('the saves below a folder', () => {
  let root: string;
  let saves: Saves;
  const never = new AbortController().signal;
  const write = (file: string, text = 'x') => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  };
  beforeEach(async () => {
    root = mkdtempSync(path.join(tmpdir(), 'e2e-saves-'));
    write('manager/a.py');
    write('manager/.git/index');
    saves = await Saves.of(root, { ignored: NO_SOURCES, quietMs: 50 });
  });
  afterEach(() => {
    saves.close();
    rmSync(root, { recursive: true });
  });

  it('are one edit as long as they follow each other', async () => {
    const next = saves.next(never);
    write('manager/a.py', 'y');
    write('manager/b.py');
    expect(await next).to.deep.equal(['manager/a.py', 'manager/b.py']);
  });

  it('count although no call waits, and once', async () => {
    write('manager/a.py', 'y');
    expect(await saves.next(never)).to.deep.equal(['manager/a.py']);
    const limit = AbortSignal.timeout(200);
    const more = await saves.next(limit).catch((error: unknown) => error);
    expect(more).to.equal(limit.reason);
  });

  it('are not those of compilers, editors and git', async () => {
    write('manager/__pycache__/a.cpython-313.pyc');
    write('manager/.a.py.swp');
    write('manager/.git/index', 'y');
    write('manager/z.py');
    expect(await saves.next(never)).to.deep.equal(['manager/z.py']);
  });

  it('are seen when an editor puts another file in place, and in a new folder', async () => {
    write('manager/.a.py.tmp', 'new');
    renameSync(path.join(root, 'manager/.a.py.tmp'), path.join(root, 'manager/a.py'));
    expect(await saves.next(never)).to.deep.equal(['manager/a.py']);
    mkdirSync(path.join(root, 'agent'));
    expect(await saves.next(never)).to.deep.equal(['agent']);
    write('agent/c.py');
    expect(await saves.next(never)).to.deep.equal(['agent/c.py']);
  });
});
