import path from 'node:path';
import { PROJECT_ROOT, type Provision } from '@backendai-e2e/cli/machine/provision';
import { execa } from 'execa';

/** How a selftest runs the command `e2e` as a process of its own. */
export interface OwnCommandOptions {
  /** Called for each line of output. */
  onLine?: (line: string) => void;
  /** Added to the environment. Settings of this project (E2E_…) come from here alone. */
  env?: Record<string, string>;
}

/**
 * Runs `./e2e` in a separate process, as the user does, and prints its lines.
 * @returns its exit code (-1: ended by a signal) and its output
 * @throws the signal's reason after an abort
 */
export async function ownCommand(
  p: Provision,
  args: readonly string[],
  { onLine = () => {}, env: more = {} }: OwnCommandOptions = {},
): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^(E2E_|KUBECONFIG$)/.test(key)),
  );
  if (process.env.E2E_CACHE_DIR) env.E2E_CACHE_DIR = process.env.E2E_CACHE_DIR;
  const child = execa(path.join(PROJECT_ROOT, 'e2e'), args, {
    cwd: PROJECT_ROOT,
    env: { ...env, ...more },
    extendEnv: false,
    all: true,
    buffer: false,
    reject: false,
    stdin: 'ignore',
    cancelSignal: p.signal,
    // It cleans up before it ends.
    forceKillAfterDelay: 300_000,
  });
  for await (const line of child.iterable({ from: 'all' })) {
    const text = String(line);
    lines.push(text);
    p.log(`│ ${text}`);
    onLine(text);
  }
  const { exitCode } = await child;
  p.signal.throwIfAborted();
  return { code: exitCode ?? -1, lines };
}
