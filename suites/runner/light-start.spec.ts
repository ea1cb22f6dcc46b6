import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

/** Prints each module of a package that the runner loads, to stderr. */
const WATCH = `data:text/javascript,${encodeURIComponent(`
import { registerHooks } from 'node:module';
registerHooks({
  load(url, context, next) {
    if (url.includes('/node_modules/')) process.stderr.write('loaded ' + url + '\\n');
    return next(url, context);
  },
});
`)}`;
const RUNNER = fileURLToPath(new URL('./main.ts', import.meta.url));
const WORLD = fileURLToPath(new URL('../fixtures/world.ts', import.meta.url));

/** The modules of packages that a program loads for a suite. */
async function loadedBy(program: string, file = 'none'): Promise<string[]> {
  const { stderr } = await promisify(execFile)(process.execPath, ['--import', WATCH, program], {
    env: { ...process.env, E2E_FILES: JSON.stringify([file]) },
  });
  return stderr.split('\n').filter((line) => line.startsWith('loaded '));
}

describe('the start of a pod', function () {
  this.timeout(60_000);

  it('loads neither YAML nor TypeBox for tests without a known issue, which saves 0.1 s of CPU', async () => {
    const loaded = await loadedBy(RUNNER, 'runner/fixtures/pass');
    expect(loaded.some((line) => line.includes('/mocha/'))).to.equal(true);
    expect(loaded.filter((line) => /\/(yaml|typebox)\//.test(line))).to.deep.equal([]);
  });

  it('loads no client of etcd before a test uses etcd, which saves 0.1 s of CPU and 14 MiB', async () => {
    const loaded = await loadedBy(WORLD);
    expect(loaded.some((line) => line.includes('/got/'))).to.equal(true);
    expect(loaded.filter((line) => /\/(etcd3|@grpc)\//.test(line))).to.deep.equal([]);
  });
});
