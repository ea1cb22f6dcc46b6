import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { startFaultHarness } from '../envtest/operator/fault-harness.ts';
import { inWords } from './result.ts';
import { soak } from './soak.ts';

/** `tools/dev soak`: 0 if no result was lost or doubled and nothing leaked, 1 if not. */
export async function soakCommand(options: { minutes: number; seed: number }): Promise<number> {
  setFlagsFromString('--expose-gc');
  globalThis.gc = runInNewContext('gc');
  const folder = await mkdtemp(path.join(tmpdir(), 'e2e-soak-'));
  const faults = await startFaultHarness();
  console.log(`${options.minutes} minutes, seed ${options.seed}`);
  try {
    const result = await soak(faults, { ...options, folder, say: (line) => console.log(line) });
    console.log(inWords(result).join('\n'));
    return result.problems.length === 0 ? COMMAND_EXIT.passed : COMMAND_EXIT.failed;
  } catch (error) {
    console.error(`exit 1 (not as expected): ${error instanceof Error ? error.message : String(error)}`);
    console.error(`repeat it: --minutes ${options.minutes} --seed ${options.seed}`);
    return COMMAND_EXIT.failed;
  } finally {
    await faults.stop();
    await faults.harness.plane.end();
    await rm(folder, { recursive: true, force: true });
  }
}
