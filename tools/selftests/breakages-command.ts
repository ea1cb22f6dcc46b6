import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { withProvision } from '@backendai-e2e/cli/commands/machine';
import { realEffects } from '@backendai-e2e/cli/kind/effects';
import { environmentNames, MOST_ENVIRONMENTS, NAMES } from '@backendai-e2e/cli/kind/names';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { type Bench, tryBreakage } from './break-environment.ts';
import { type Breakage, type Outcome, readBreakages } from './breakages.ts';

/** What a developer chooses of the selftest of breakages. */
export interface BreakageOptions {
  /** Names of suites, separated by commas. Default: all suites in the list. */
  suites?: string;
  /** Names of environments of the kept cluster, separated by commas; each tries one breakage at a time. */
  environment: string;
  /** File of the list. Default: suites/breakages. */
  list?: string;
}

/** A breakage that was tried. */
interface Tried {
  breakage: Breakage;
  outcome: Outcome;
  seconds: number;
}

/**
 * `tools/dev breakages-selftest`: breaks what each suite proves, in the environments of the kept cluster, and runs the suite. The
 * suite must fail with the test and the error in suites/breakages. Restores everything. Returns 0 when every breakage was
 * detected, 1 when one was not, 2 when one could not be tried. Also writes the results to out/breakages.json.
 */
export function breakagesSelftestCommand(options: BreakageOptions): Promise<number> {
  return withProvision(async (p) => {
    const wanted = options.suites?.split(',').map((name) => name.trim());
    const all = readBreakages(options.list);
    const strange = (wanted ?? []).filter((name) => !all.some(({ suite }) => suite === name));
    if (strange.length > 0) throw new Error(`suites/breakages has no entry for ${strange.join(', ')}`);
    const queue = all.filter(({ suite }) => wanted?.includes(suite) ?? true);
    const effects = realEffects(PROJECT_ROOT);
    const tools = await effects.tools(p);
    const client = await effects.connect();
    const kubeconfig = path.join(PROJECT_ROOT, NAMES.out, 'kubeconfig');
    const tried: Tried[] = [];
    const tryIn = async (environment: string): Promise<void> => {
      const place = environmentNames(MOST_ENVIRONMENTS).find(({ name }) => name === environment);
      if (!place) throw new Error(`the kept cluster has no environment ${environment}: run "./e2e up" first`);
      const bench: Bench = {
        client,
        kubectl: tools.kubectl,
        kubeconfig,
        environment,
        namespace: place.namespace,
      };
      for (let breakage = queue.shift(); breakage; breakage = queue.shift()) {
        p.signal.throwIfAborted();
        p.log(`${environment}: ${breakage.suite}: ${breakage.broken}`);
        const began = performance.now();
        const outcome = await tryBreakage(bench, breakage, p);
        const seconds = Math.round((performance.now() - began) / 1000);
        tried.push({ breakage, outcome, seconds });
        p.log(
          `${outcome.seen ? 'detected' : 'NOT DETECTED'} ${breakage.suite} (${seconds} s): ${outcome.said}`,
        );
      }
    };
    try {
      // When one fails, the others continue and restore what they broke.
      const ends = await Promise.allSettled(options.environment.split(',').map((name) => tryIn(name.trim())));
      const failed = ends.find((one) => one.status === 'rejected');
      if (failed) throw failed.reason;
    } finally {
      const file = path.join(PROJECT_ROOT, 'out', 'breakages.json');
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, `${JSON.stringify(tried, undefined, 2)}\n`);
      await client.close();
    }
    const unseen = tried.filter(({ outcome }) => !outcome.seen);
    console.log(`${tried.length} breakages tried, ${tried.length - unseen.length} detected by their suites`);
    return unseen.length > 0 ? COMMAND_EXIT.failed : COMMAND_EXIT.passed;
  });
}
