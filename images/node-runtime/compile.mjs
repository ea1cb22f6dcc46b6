// Fills NODE_COMPILE_CACHE at build time: imports every module below a folder, so that a container, whose file system is
// read-only, starts with compiled code. Programs (main.js) would start when imported and are only read by their parts.
// Ends by SIGKILL, which the Dockerfiles expect (137): with one helper thread of V8, Node 24.21 now and then waits for ever for
// that thread when it ends in order (both stood still on a futex for six minutes).
import { readdir } from 'node:fs/promises';
import { flushCompileCache } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const nothing = () => undefined;
for (const name of ['describe', 'it', 'before', 'beforeEach', 'after', 'afterEach']) {
  globalThis[name] = Object.assign(nothing, { skip: nothing, only: nothing });
}
const root = path.resolve(process.argv[2] ?? '.');
for (const file of await readdir(root, { recursive: true })) {
  if (!file.endsWith('.js') || path.basename(file) === 'main.js') continue;
  try {
    await import(pathToFileURL(path.join(root, file)).href);
  } catch (error) {
    // What cannot be imported here compiles when it is used; the build does not fail for a cache.
    console.log(`not compiled ahead: ${file}: ${error instanceof Error ? error.message : error}`);
  }
}
flushCompileCache();
process.kill(process.pid, 'SIGKILL');
