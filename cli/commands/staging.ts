import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { CONNECTION_SECRET } from '@backendai-e2e/api/test-environment';
import { readCatalog } from '../catalog/catalog.ts';
import { listing, suitesNamed, usualSuites, withLast } from '../catalog/chosen-suites.ts';
import { collector } from '../collect/job-collector.ts';
import type { Collector } from '../collect/job-record.ts';
import { clearResults, writeFigures } from '../collect/results-folder.ts';
import { keepRun } from '../history/keep-run.ts';
import { gatedEnding, gateLines, judgeResults } from '../history/run-gate.ts';
import { checkRegistry } from '../images/push.ts';
import { defaultCacheDir, PROJECT_ROOT } from '../machine/provision.ts';
import { runPage } from '../page/run-page.ts';
import { PhaseClock } from '../pipeline/phases.ts';
import { showInService } from '../report/ci-services.ts';
import { figuresOf, jobEndLines } from '../report/job-summary.ts';
import { endingOfError, lastLine } from '../runs/ending.ts';
import { checkGrep } from '../runs/run-spec.ts';
import type { StagingOptions } from '../staging/context.ts';
import { type ImageChoice, type StagingEffects, stagingEffects, type Target } from '../staging/effects.ts';
import { DEPLOYMENT_ANNOTATION, STAGING, type StagingNamespaces } from '../staging/names.ts';
import { rightsManifest } from '../staging/rights.ts';
import { attachStaging, runStaging, type StagingResult } from '../staging/staging-pipeline.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import { openJobLog } from '../terminal/job-log.ts';
import { rendererFor } from '../terminal/renderer.ts';

/** Options of `e2e staging` and `e2e attach`; undefined where they were not given. */
export interface StagingWords {
  kubeconfig?: string;
  context?: string;
  deploymentNamespace?: string;
  testNamespace?: string;
  /** Registry that `e2e images-push` pushed to. */
  registry?: string;
  operatorImage?: string;
  suitesImage?: string;
  runtimeImage?: string;
  pullSecret?: string;
  /** Secret with connection.json in the deployment's namespace. */
  secret?: string;
  /** File with what that Secret does not contain. */
  connectionFile?: string;
  /** File with further values of charts/e2e-operator. */
  operatorValues?: string;
  suites?: string;
  grep?: string;
  includeSlow: boolean;
  /** Whether the leak audit ends a run of chosen suites. */
  audit: boolean;
  /** Whether suites run that fill, drain or reconfigure what others use. */
  allowInvasive: boolean;
  parallelism: number;
  timeoutSeconds: number;
  patienceSeconds: number;
  keep: boolean;
  dryRun: boolean;
}

/** An option is missing or wrong. Exit code 2. */
export class Misused extends Error {
  override readonly name = 'Misused';
}

/** `e2e staging`: the suites against a deployment that runs already. Returns the exit code (COMMAND_EXIT). */
export async function stagingCommand(words: StagingWords): Promise<number> {
  return ended(async () => {
    const target = targetOf(words, true);
    const images = imagesOf(words);
    const options = await optionsOf(words, target);
    if (options.dryRun) {
      const chosen = await chosenSuites(options);
      console.log([`suites (${chosen.length}):`, ...listing(chosen)].join('\n'));
    }
    if (words.operatorValues && !existsSync(words.operatorValues)) {
      throw new Misused(
        `OPERATOR_VALUES (--operator-values) names ${words.operatorValues}, which is not there`,
      );
    }
    return perform(options, stagingEffects(target, images, words.operatorValues), runStaging);
  });
}

/** `e2e attach`: follows the run that an `e2e staging` left in the cluster, fetches its results and removes everything. */
export async function attachCommand(words: StagingWords): Promise<number> {
  return ended(async () => {
    const target = targetOf(words, false);
    return perform(await optionsOf(words, target), stagingEffects(target, undefined), attachStaging);
  });
}

/** `e2e staging --print-rights USER`: what an administrator applies, on standard output. */
export function printRights(
  words: Pick<StagingWords, 'deploymentNamespace' | 'testNamespace' | 'secret'>,
  user: string,
): number {
  const namespaces = {
    deployment: words.deploymentNamespace ?? 'backend-ai',
    test: words.testNamespace ?? STAGING.testNamespace,
  };
  process.stdout.write(rightsManifest(namespaces, user, words.secret));
  return COMMAND_EXIT.passed;
}

/** The cluster to use. Throws Misused for missing options: no cluster is used by accident. */
export function targetOf(words: StagingWords, needsDeployment: boolean): Target {
  const { kubeconfig, context, deploymentNamespace } = words;
  if (!kubeconfig) {
    throw new Misused(
      'name the cluster: KUBECONFIG=<file> (--kubeconfig), and CONTEXT=<name> (--context) if it is not the current one',
    );
  }
  if (kubeconfig.includes(path.delimiter)) {
    throw new Misused(
      `KUBECONFIG names several files (${kubeconfig}): name only that of the staging cluster`,
    );
  }
  if (needsDeployment && !deploymentNamespace) {
    throw new Misused('where does Backend.AI run? DEPLOYMENT_NAMESPACE=<namespace> (--deployment-namespace)');
  }
  const namespaces: StagingNamespaces = {
    deployment: deploymentNamespace ?? '',
    test: words.testNamespace ?? STAGING.testNamespace,
  };
  return { kubeconfig, namespaces, ...(context ? { context } : {}) };
}

/** Where operator and suites are pulled from. Throws Misused, or CannotPush for a registry that is none. */
export function imagesOf(words: StagingWords): ImageChoice {
  const { registry, operatorImage, suitesImage } = words;
  if (operatorImage && suitesImage) return { operator: operatorImage, suites: suitesImage };
  if (operatorImage || suitesImage) {
    throw new Misused(
      'give both OPERATOR_IMAGE and SUITES_IMAGE (--operator-image, --suites-image), or REGISTRY',
    );
  }
  if (!registry) {
    throw new Misused(
      'from where does the cluster pull operator and suites? REGISTRY=<what make images-push was given> (--registry), or OPERATOR_IMAGE and SUITES_IMAGE',
    );
  }
  return { registry: checkRegistry(registry) };
}

/** The command line that attaches to a run of this target. */
export function attachLine({ kubeconfig, context, namespaces }: Target): string {
  const test = namespaces.test === STAGING.testNamespace ? '' : ` --test-namespace ${namespaces.test}`;
  return `./e2e attach --kubeconfig ${kubeconfig}${context ? ` --context ${context}` : ''}${test}`;
}

async function optionsOf(words: StagingWords, target: Target): Promise<StagingOptions> {
  checkGrep(words.grep);
  const catalog = await readCatalog(PROJECT_ROOT);
  const asked = suitesNamed(words.suites, catalog, words.includeSlow);
  const all = words.audit
    ? asked
    : (asked ?? usualSuites(catalog, words.includeSlow).map(({ name }) => name));
  const last = new Set(catalog.filter((suite) => suite.last).map(({ name }) => name));
  const suites = words.audit ? withLast(all, catalog, words.grep) : all?.filter((name) => !last.has(name));
  return {
    namespaces: target.namespaces,
    sources: {
      secret: words.secret ?? CONNECTION_SECRET,
      ...(words.connectionFile ? { file: words.connectionFile } : {}),
    },
    ...(suites ? { suites } : {}),
    ...(words.grep ? { grep: words.grep } : {}),
    ...(words.runtimeImage ? { runtimeImage: words.runtimeImage } : {}),
    ...(words.pullSecret ? { pullSecret: words.pullSecret } : {}),
    allowInvasive: words.allowInvasive,
    includeSlow: words.includeSlow,
    parallelism: words.parallelism,
    timeoutSeconds: words.timeoutSeconds,
    patienceSeconds: words.patienceSeconds,
    catalog: catalog.map(({ name }) => name),
    keep: words.keep,
    dryRun: words.dryRun,
    cacheDir: defaultCacheDir(),
    attachCommand: attachLine(target),
  };
}

async function chosenSuites(options: StagingOptions) {
  const catalog = await readCatalog(PROJECT_ROOT);
  return options.suites
    ? catalog.filter(({ name }) => options.suites?.includes(name))
    : usualSuites(catalog, options.includeSlow);
}

async function perform(
  options: StagingOptions,
  effects: StagingEffects,
  run: typeof runStaging,
): Promise<number> {
  const clock = new PhaseClock();
  const out = path.join(PROJECT_ROOT, STAGING.out);
  await mkdir(out, { recursive: true });
  if (!options.dryRun) await clearResults(out);
  const log = openJobLog(path.join(out, options.dryRun ? 'dry-run.log' : 'job.log'));
  const renderer = rendererFor(process.stdout, () => clock.elapsed(), log.write);
  const interruption = onInterrupt(
    (line) => renderer.print([line]),
    process,
    undefined,
    options.attachCommand,
  );
  try {
    const parts = { effects, renderer, clock, interruption, collect: collectorOf(options, out) };
    const result: StagingResult = await run(options, parts);
    const figures = figuresOf(clock, result.state);
    const { collected, seen } = result.state;
    const gate = await judgeResults(out, collected ? seen.run : undefined);
    const ending = gatedEnding(result.ending, gate);
    const lines = jobEndLines(ending, result.state, figures);
    if (!options.dryRun) await writeFigures(out, figures, lines);
    const { run: ran, reports } = seen;
    renderer.print(ran ? await showInService({ run: ran, reports }, { out }) : []);
    const page = collected && ran ? [...(await runPage(out, STAGING.out)), ...(await keepRun(out))] : [];
    renderer.print([...lines.slice(0, -1), ...page, ...gateLines(gate), ...lines.slice(-1)]);
    return ending.code;
  } finally {
    interruption.dispose();
    await log.close();
  }
}

/** At "attach", the run itself names the namespace of the deployment. */
function collectorOf(options: StagingOptions, out: string): Collector {
  return (state, progress, p) => {
    const { test, deployment } = options.namespaces;
    const where = deployment || state.seen.run?.metadata.annotations?.[DEPLOYMENT_ANNOTATION];
    const namespaces = [...new Set([test, ...(where ? [where] : [])])];
    const sites = { out, shown: STAGING.out, operatorNamespace: test, namespaces };
    const connect = async () => {
      throw new Error('the cluster was never reached');
    };
    return collector(sites, connect)(state, progress, p);
  };
}

async function ended(body: () => Promise<number>): Promise<number> {
  try {
    return await body();
  } catch (error) {
    const ending = endingOfError(error);
    console.error(lastLine(ending));
    return ending.code;
  }
}
