import childProcess, {
  type ChildProcess,
  type SpawnOptions,
  type SpawnSyncReturns,
} from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';

type Stdio = SpawnOptions['stdio'];
/** The outputs of a child by file descriptor. */
const OUTPUTS = [1, 2] as const;

/**
 * From now on, programs that suites start and that share the outputs of this process write through it. So its mask applies to
 * them: an inherited output becomes a pipe. This covers spawn, fork, spawnSync and execFileSync of node:child_process, and the
 * libraries that use them.
 */
export function maskChildren(): void {
  const { spawn, fork, spawnSync, execFileSync, execSync } = childProcess;
  // The casts: each function has overloads, and only the options differ from what the caller gave.
  childProcess.spawn = ((...given: unknown[]) => {
    const { args, inherited } = piped(given, 'pipe');
    return passedOn(Reflect.apply(spawn, childProcess, args), inherited);
  }) as typeof spawn;
  childProcess.fork = ((...given: unknown[]) => {
    const { args, inherited } = piped(given, 'fork');
    return passedOn(Reflect.apply(fork, childProcess, args), inherited);
  }) as typeof fork;
  childProcess.spawnSync = ((...given: unknown[]) => {
    const { args, inherited } = piped(given, 'pipe');
    const ended: SpawnSyncReturns<Buffer | string> = Reflect.apply(spawnSync, childProcess, args);
    for (const fd of inherited) {
      const said = ended.output?.[fd];
      if (said) outputOf(fd).write(said);
      // As if it was inherited.
      if (ended.output) ended.output[fd] = null;
      Reflect.set(ended, fd === 1 ? 'stdout' : 'stderr', null);
    }
    return ended;
  }) as typeof spawnSync;
  const sync = (run: typeof execFileSync | typeof execSync) =>
    ((...given: unknown[]) => {
      const { args, inherited } = piped(given, 'pipe');
      let said: Buffer | string | null;
      try {
        said = Reflect.apply(run, childProcess, args);
      } catch (error) {
        const failed = error as { stdout?: Buffer | string; stderr?: Buffer | string };
        for (const fd of inherited) outputOf(fd).write((fd === 1 ? failed.stdout : failed.stderr) ?? '');
        throw error;
      }
      if (!inherited.includes(1)) return said;
      process.stdout.write(said ?? '');
      return null;
    }) as never;
  childProcess.execFileSync = sync(execFileSync);
  childProcess.execSync = sync(execSync);
  syncBuiltinESMExports();
}

/** The arguments with pipes instead of outputs of this process, and which these are. */
function piped(given: readonly unknown[], usual: 'pipe' | 'fork'): { args: unknown[]; inherited: (1 | 2)[] } {
  const at = given.findIndex(
    (each, index) => index > 0 && typeof each === 'object' && each !== null && !Array.isArray(each),
  );
  const options = (given[at] ?? {}) as SpawnOptions & { silent?: boolean };
  const each = listOf(options.stdio ?? (usual === 'fork' && options.silent !== true ? 'inherit' : 'pipe'));
  const inherited = OUTPUTS.filter((fd) => isOurs(each[fd]));
  if (inherited.length === 0) return { args: [...given], inherited };
  const stdio = each.map((one, fd) => (isOurs(one) && fd > 0 ? 'pipe' : one));
  if (usual === 'fork' && !stdio.includes('ipc')) stdio.push('ipc');
  const changed = { ...options, stdio };
  const args = at < 0 ? [...given, changed] : given.map((one, index) => (index === at ? changed : one));
  return { args, inherited };
}

/** Whether an entry of stdio is an output of this process: inherited, by number or as a stream. */
function isOurs(entry: unknown): boolean {
  return (
    entry === 'inherit' || entry === 1 || entry === 2 || entry === process.stdout || entry === process.stderr
  );
}

function listOf(stdio: Exclude<Stdio, undefined>): unknown[] {
  return Array.isArray(stdio)
    ? [stdio[0] ?? 'pipe', stdio[1] ?? 'pipe', stdio[2] ?? 'pipe', ...stdio.slice(3)]
    : [stdio, stdio, stdio];
}

/** Writes what a child prints to the outputs that it would have inherited. */
function passedOn(child: ChildProcess, inherited: readonly (1 | 2)[]): ChildProcess {
  for (const fd of inherited) child.stdio[fd]?.on('data', (chunk: Buffer) => outputOf(fd).write(chunk));
  return child;
}

function outputOf(fd: 1 | 2): NodeJS.WriteStream {
  return fd === 1 ? process.stdout : process.stderr;
}
