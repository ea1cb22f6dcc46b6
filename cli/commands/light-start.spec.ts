import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';

const LOADED = `
import { registerHooks } from 'node:module';
const loaded = [];
registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
await import(process.env.FILE);
console.log(JSON.stringify(loaded));
`;

describe('the start of a command about runs', () => {
  it('loads neither TypeBox nor the page, which double its CPU time', async () => {
    const { href } = new URL('./runs.ts', import.meta.url);
    const args = ['--input-type=module', '--eval', LOADED];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      env: { ...process.env, FILE: href },
    });
    const loaded = JSON.parse(stdout) as string[];
    expect(loaded).to.include(href);
    expect(loaded.filter((url) => /typebox|packages\/page\//.test(url))).to.deep.equal([]);
  });
});
