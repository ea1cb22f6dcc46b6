import path from 'node:path';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { readChoice } from '../backend-ai/choice.ts';
import { readCatalog } from '../catalog/catalog.ts';
import { listing } from '../catalog/chosen-suites.ts';
import { ensureImages } from '../images/build.ts';
import { realEffects } from '../kind/effects.ts';
import { NAMES } from '../kind/names.ts';
import { findingLine } from '../kind/refuse.ts';
import { inspectMachine } from '../machine/doctor.ts';
import { ensureEngine, wakeEngine } from '../machine/engine.ts';
import { defaultCacheDir, PROJECT_ROOT, type Provision } from '../machine/provision.ts';
import { endingOfError } from '../runs/ending.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import { type Format, show } from '../terminal/output.ts';
import { stamp } from '../terminal/renderer.ts';
import { table } from '../terminal/table.ts';

/** `e2e doctor`: a line for each thing that a job needs. 2 when something is missing. */
export function doctorCommand(output: Format): Promise<number> {
  return withProvision(async (p) => {
    const findings = await inspectMachine({ ...p, log: () => {} });
    const missing = findings.filter((finding) => finding.state === 'missing').length;
    if (output !== 'table') {
      show({ table: () => [], data: findings }, output);
      return missing === 0 ? COMMAND_EXIT.passed : COMMAND_EXIT.couldNotRun;
    }
    for (const finding of findings) console.log(findingLine(finding));
    console.log(missing === 0 ? 'This machine can run the suites.' : `${missing} requirements are missing.`);
    return missing === 0 ? COMMAND_EXIT.passed : COMMAND_EXIT.couldNotRun;
  });
}

/**
 * `e2e images`: builds or fetches every image and prints the references.
 * @param backendAi value of --backend-ai
 */
export function imagesCommand(backendAi?: string): Promise<number> {
  return withProvision(async (p) => {
    const choice = backendAi ? await readChoice(backendAi, p) : undefined;
    await ensureEngine(p);
    const images = await ensureImages(p, choice ? { backendAi: choice } : {});
    const rows = [...Object.entries(images.refs), ['node', images.nodeImage]];
    console.log(table(['image', 'reference'], rows).join('\n'));
    return COMMAND_EXIT.passed;
  });
}

/** `e2e down`: removes the kept cluster. Nothing to remove is a success. */
export function downCommand(): Promise<number> {
  return withProvision(async (p) => {
    const effects = realEffects(PROJECT_ROOT);
    // Without its engine a cluster is invisible, and would block the next job.
    if (!(await wakeEngine(p)) || !(await effects.clusterExists(p))) {
      console.log(`There is no cluster ${NAMES.cluster}.`);
      return COMMAND_EXIT.passed;
    }
    await effects.deleteCluster(p);
    const left = await effects.leftovers(p);
    for (const line of left) console.error(`could not remove ${line}`);
    if (left.length > 0) return COMMAND_EXIT.couldNotRun;
    console.log(`The cluster ${NAMES.cluster} is removed. ${path.join(NAMES.out)} keeps the results.`);
    return COMMAND_EXIT.passed;
  });
}

/** `e2e suites`: the catalog. */
export async function suitesCommand(output: Format): Promise<number> {
  const catalog = await readCatalog(PROJECT_ROOT);
  show({ table: () => listing(catalog), data: catalog }, output);
  return COMMAND_EXIT.passed;
}

/** Runs a command that provides something: progress as plain lines, Ctrl-C aborts, errors become exit code 2. */
export async function withProvision(body: (p: Provision) => Promise<number>): Promise<number> {
  const began = performance.now();
  const tell = (line: string): void => console.log(stamp((performance.now() - began) / 1000) + line);
  const interruption = onInterrupt(tell);
  try {
    return await body({ log: tell, signal: interruption.work, cacheDir: defaultCacheDir() });
  } catch (error) {
    const ending = endingOfError(interruption.work.aborted ? interruption.work.reason : error);
    console.error(ending.sentence);
    return ending.code;
  } finally {
    interruption.dispose();
  }
}
