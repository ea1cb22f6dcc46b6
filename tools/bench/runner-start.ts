import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { TEST_MARKS } from '@backendai-e2e/api/verdict';
import { compileTo } from '@backendai-e2e/cli/images/javascript';
import { command } from '@backendai-e2e/cli/machine/command';
import { PROJECT_ROOT, type Provision } from '@backendai-e2e/cli/machine/provision';
import { type BenchRow, benchRow } from './bench-row.ts';

const FILE = 'bench/one-test';
/** Seconds that the runner may take longer than a Node.js that does nothing. */
const GOAL = 0.3;
/** Milliseconds for one start. */
const TRIAL_MS = 30_000;

/**
 * The runner from the start of its process to the result of the first test, against `node -e 0`. The code is compiled, and its
 * compile cache filled, as in the image of the suites. They take turns. One pair runs before, uncounted.
 * @param folder where the compiled code goes; it is in the checkout, because the code imports the checkout's packages
 */
export async function runnerStart(folder: string, repeats: number, p: Provision): Promise<BenchRow> {
  const code = path.join(folder, 'runner');
  const cache = path.join(folder, 'runner-cache');
  for (const each of [code, cache]) await rm(each, { recursive: true, force: true });
  await mkdir(code, { recursive: true });
  await compileTo(p, 'suites', path.join(code, 'dist'));
  const env = { NODE_COMPILE_CACHE: cache, NODE_ENV: 'production' };
  const compiler = path.join(PROJECT_ROOT, 'images/node-runtime/compile.mjs');
  await command(p, process.execPath, [compiler, path.join(code, 'dist/suites')], {
    env,
    timeoutSeconds: 120,
  });
  const runner = [path.join(code, 'dist/suites/runner/main.js')];
  const suite = { ...env, E2E_FILES: JSON.stringify([FILE]) };
  const ours: number[] = [];
  const floor: number[] = [];
  for (let turn = 0; turn <= repeats; turn += 1) {
    const first = await untilSaid(runner, suite, TEST_MARKS.passed, p.signal);
    const nothing = await untilSaid(['-e', '0'], env, undefined, p.signal);
    p.log(
      `runner ${first.toFixed(3)} s, node -e 0 ${nothing.toFixed(3)} s${turn === 0 ? ' (uncounted)' : ''}`,
    );
    if (turn === 0) continue;
    ours.push(first);
    floor.push(nothing);
  }
  const name = 'runner: start → result of the first test, against node -e 0';
  return benchRow(name, ours, floor, { goal: GOAL, by: 'difference' });
}

/** Seconds from the start of a Node.js process until it prints the text, or ends if there is none. */
async function untilSaid(
  args: readonly string[],
  env: Record<string, string>,
  text: string | undefined,
  signal: AbortSignal,
): Promise<number> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TRIAL_MS)]);
  const start = performance.now();
  const child = spawn(process.execPath, args, { env: { PATH: process.env.PATH, ...env }, signal: limit });
  const ended = once(child, 'exit');
  // A child that is stopped says so by its exit too.
  child.on('error', () => undefined);
  const at = text === undefined ? undefined : await timeOf(child, text, ended);
  const [code] = await ended;
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with code ${code}`);
  return ((at ?? performance.now()) - start) / 1000;
}

/** When the process first printed the text. Throws if it ended before. */
async function timeOf(child: ChildProcess, text: string, ended: Promise<unknown>): Promise<number> {
  let said = '';
  const seen = new Promise<number>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes(text)) resolve(performance.now());
      });
    }
  });
  const first = await Promise.race([seen, ended.then(() => undefined)]);
  if (first === undefined) throw new Error(`the runner ended and did not print "${text}": ${said}`);
  return first;
}
