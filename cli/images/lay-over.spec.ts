import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { PROJECT_ROOT } from '../machine/provision.ts';

const PROGRAMS = path.join(PROJECT_ROOT, 'images/checkout');

describe('the layer of a checkout', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'e2e-lay-'));
    const write = (file: string, text: string) => {
      mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
      writeFileSync(path.join(root, file), text);
    };
    write('installed/manager/same.py', 'a = 1\n');
    write('installed/manager/edited.py', 'a = 1\n');
    write('installed/manager/gone.py', 'a = 1\n');
    write('installed/manager/__pycache__/gone.cpython-313.pyc', 'compiled');
    write('installed/web/static/index.html', 'built');
    write('sources/manager/same.py', 'a = 1\n');
    write('sources/manager/edited.py', 'a = 2\n');
    write('sources/manager/data.txt', 'new');
    write('release.json', '{}');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  /** Lays the sources over, and lists the layer. */
  const layer = () => {
    const at = (file: string) => path.join(root, file);
    const python = (program: string, ...args: string[]) =>
      execFileSync('python3', [path.join(PROGRAMS, program), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    python('lay.py', at('sources'), at('installed'), at('changed.json'));
    const tar = python('pack.py', at('changed.json'), at('release.json'));
    const names = execFileSync('tar', ['--list', '--file=-'], { input: tar, encoding: 'utf8' });
    return { tar, names: names.split('\n').map((name) => name.replace(`${root.slice(1)}/`, '')) };
  };

  it('holds what differs from the packages, compiled, and hides what is gone', () => {
    const { names } = layer();
    expect(names.map((name) => name.replace(/cpython-\d+/, 'cpython'))).to.deep.equal([
      'installed/manager/__pycache__/edited.cpython.pyc',
      'installed/manager/data.txt',
      'installed/manager/edited.py',
      'release.json',
      'installed/manager/__pycache__/.wh.gone.cpython.pyc',
      'installed/manager/.wh.gone.py',
      '',
    ]);
  });

  it('has the owner and the time of none', () => {
    const listed = execFileSync('tar', ['--list', '--verbose', '--numeric-owner', '--utc', '--file=-'], {
      input: layer().tar,
      encoding: 'utf8',
    });
    for (const line of listed.trim().split('\n')) expect(line).to.match(/ 0\/0 .* 1970-01-01 00:00 /);
  });

  it('is refused for a file that Python cannot compile, which it names', () => {
    writeFileSync(path.join(root, 'sources/manager/edited.py'), 'a = (\n');
    expect(layer).to.throw(/manager\/edited\.py cannot be compiled: SyntaxError/);
  });
});
