import { readFileSync } from 'node:fs';

/** Sample of the runner's specs: dies while its file is loaded, of an error that nobody can catch, with a secret in it. */
const { password } = JSON.parse(readFileSync(process.env.E2E_CONNECTION ?? '', 'utf8')).postgres;
setTimeout(() => {
  throw new Error(`crashed with ${password}`);
}, 0);
await new Promise((resolve) => setTimeout(resolve, 5_000));
