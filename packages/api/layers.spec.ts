import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import manifest from './package.json' with { type: 'json' };

const LOADED = `
import { registerHooks } from 'node:module';
const loaded = [];
registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
for (const file of JSON.parse(process.env.FILES)) await import(file);
console.log(JSON.stringify(loaded));
`;

/** The modules that Node.js loads for these files, as URLs. */
async function loadedBy(files: readonly string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', LOADED], {
    env: { ...process.env, FILES: JSON.stringify(files) },
  });
  return JSON.parse(stdout) as string[];
}

describe('packages/api', () => {
  const files = Object.entries(manifest.exports)
    .filter(([name]) => !name.startsWith('./schemas/'))
    .map(([, file]) => new URL(file, import.meta.url).href);

  it('at run time, loads neither the schemas nor TypeBox, which take 11 MiB in each process', async () => {
    const loaded = await loadedBy(files);
    expect(loaded).to.include.members(files);
    expect(loaded.filter((url) => url.includes('typebox') || url.includes('/schemas/'))).to.deep.equal([]);
  });

  it('loads nothing from outside the package', async () => {
    const own = new URL('./', import.meta.url).href;
    expect(
      (await loadedBy(files)).filter((url) => !url.startsWith(own) && url.startsWith('file:')),
    ).to.deep.equal([]);
  });

  it('has schemas that neither operator nor suites import', () => {
    const root = path.join(import.meta.dirname, '../..');
    const files = globSync('{packages,operator,suites}/**/*.ts', {
      cwd: root,
      exclude: (name) => name.includes('node_modules') || /\.(spec|integration)\.ts$/.test(name),
    });
    expect(files.length).to.be.greaterThan(100);
    const importing = files.filter((file) =>
      readFileSync(path.join(root, file), 'utf8').includes('@backendai-e2e/api/schemas/'),
    );
    expect(importing).to.deep.equal([]);
  });
});
