import type { RunCost } from '@backendai-e2e/results/run-file';
import { command } from '../machine/command.ts';
import type { Provision } from '../machine/provision.ts';

/** CPU that a node has used since it started, and its cores. */
export type NodeCpu = RunCost;

/** Seconds for one look: it is for the report, and must not delay a run. */
const LOOK_SECONDS = 10;
const LOOK = 'nproc; cat /sys/fs/cgroup/cpu.stat';

/** The CPU of a kind node. Undefined if it cannot be read: the figure decides nothing. */
export async function readNodeCpu(container: string, p: Provision): Promise<NodeCpu | undefined> {
  const args = ['exec', container, 'sh', '-c', LOOK];
  const text = await command(p, 'docker', args, { timeoutSeconds: LOOK_SECONDS }).catch(() => '');
  return parseNodeCpu(text);
}

/** Reads the output of `nproc` and of cgroup v2's cpu.stat, whose usage_usec counts microseconds of all processes. */
export function parseNodeCpu(text: string): NodeCpu | undefined {
  const cores = Number(/^\d+$/m.exec(text)?.[0]);
  const microseconds = Number(/^usage_usec (\d+)$/m.exec(text)?.[1]);
  return cores > 0 && microseconds > 0 ? { cpuSeconds: microseconds / 1_000_000, cores } : undefined;
}

/** What was used between two looks, to a tenth of a second. Undefined if a look is missing, or the node was replaced. */
export function costBetween(before: NodeCpu | undefined, after: NodeCpu | undefined): RunCost | undefined {
  if (!before || !after || after.cpuSeconds <= before.cpuSeconds) return undefined;
  return { cpuSeconds: Math.round((after.cpuSeconds - before.cpuSeconds) * 10) / 10, cores: after.cores };
}
