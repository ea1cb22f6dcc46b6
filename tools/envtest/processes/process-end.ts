import type { ChildProcess } from 'node:child_process';
import { until } from '../waits/until.ts';

/** Waits until a process has ended. Resolves to its exit code, or to the signal that ended it. */
export function endOf(child: ChildProcess): Promise<number | NodeJS.Signals> {
  return until(`process ${child.pid} has ended`, () => child.exitCode ?? child.signalCode ?? undefined);
}
