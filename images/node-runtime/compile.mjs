// Fills NODE_COMPILE_CACHE at build time by importing every module below a folder. A container, whose file system is
// read-only, then starts with compiled code. Programs (main.js) would start when imported and are only read by their parts.
//
//   node compile.mjs <folder> [option of Node.js]...
//
// V8 keeps compiled code for its options, so a second process with these options does the work. That process ends by
// SIGKILL. With one helper thread of V8, Node 24.21 sometimes waits for that thread without end at exit.
import { spawnSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { flushCompileCache } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const COMPILES = '--compile';
const [folder = '.', ...options] = process.argv.slice(2);

if (options[0] === COMPILES) {
  await importAll(path.resolve(folder));
  flushCompileCache();
  process.kill(process.pid, 'SIGKILL');
}
const { signal } = spawnSync(process.execPath, [...options, import.meta.filename, folder, COMPILES], {
  stdio: 'inherit',
});
process.exitCode = signal === 'SIGKILL' ? 0 : 1;

async function importAll(root) {
  const nothing = () => undefined;
  for (const name of ['describe', 'it', 'before', 'beforeEach', 'after', 'afterEach']) {
    globalThis[name] = Object.assign(nothing, { skip: nothing, only: nothing });
  }
  for (const file of await readdir(root, { recursive: true })) {
    if (!file.endsWith('.js') || path.basename(file) === 'main.js') continue;
    try {
      await import(pathToFileURL(path.join(root, file)).href);
    } catch (error) {
      // What cannot be imported here compiles when it is used; the build does not fail for a cache.
      console.log(`not compiled ahead: ${file}: ${error instanceof Error ? error.message : error}`);
    }
  }
}
