import { compareReleases } from '@backendai-e2e/api/release';
import { TEST_ENVIRONMENTS } from '@backendai-e2e/api/resources';
import { UPGRADE_TESTS } from '@backendai-e2e/api/runner-contract';
import { pathOf } from '@backendai-e2e/kube/request';
import type { RestApi } from '@backendai-e2e/kube/rest-client';
import type { JobEvent } from '../collect/job-record.ts';
import type { ImageSet } from '../images/build.ts';
import { ProvisionError } from '../machine/provision.ts';
import type { Snapshot } from '../runs/follow.ts';
import type { PhaseProgress } from '../terminal/renderer.ts';
import { NAMES } from './names.ts';
import { chartImages, environmentObject, ownRuntime } from './objects.ts';

/** What is upgraded at a time: agents last, as they work one release behind. */
export type UpgradeStep = keyof typeof UPGRADE_TESTS;

/** The step that the run waits for: the title of its test is what a report says runs now. Undefined: none. Pure. */
export function stepAwaited({ reports }: Snapshot): UpgradeStep | undefined {
  const running = reports.flatMap(({ status }) => (status?.final === true ? [] : (status?.current ?? [])));
  const steps = Object.keys(UPGRADE_TESTS) as UpgradeStep[];
  return steps.find((step) => running.some((title) => title.endsWith(UPGRADE_TESTS[step])));
}

/** The images of charts/backend-ai during or after a step. Pure. */
export function imagesOf(step: UpgradeStep, from: ImageSet, to: ImageSet): Record<string, string> {
  const refs = step === 'services' ? { ...to.refs, agent: from.refs.agent } : to.refs;
  return chartImages(refs, to.components);
}

/** @throws ProvisionError for an upgrade to the same release or an earlier one: migrations only go forward */
export function refuseDowngrade(from: ImageSet, to: ImageSet): void {
  if (compareReleases(to.release, from.release) > 0) return;
  throw new ProvisionError(
    `--upgrade-to (UPGRADE_TO) is Backend.AI ${to.release}, which is not later than ${from.release}.`,
    'Name an earlier release with --backend-ai (BACKENDAI), or a later one to upgrade to.',
  );
}

/** An upgrade of Backend.AI while suites run: between which images, and with which values. */
export interface UpgradeOptions {
  from: ImageSet;
  to: ImageSet;
  /** Values for charts/backend-ai. */
  values: Readonly<Record<string, unknown>>;
  progress: PhaseProgress;
  signal: AbortSignal;
  now?: () => Date;
}

/** Upgrades the environment step by step while a run goes on, each when the run waits for it. */
export class Upgrade {
  readonly events: JobEvent[] = [];
  readonly #client: Pick<RestApi, 'apply'>;
  readonly #with: UpgradeOptions;
  readonly #begun = new Set<UpgradeStep>();
  readonly #troubles: string[] = [];
  #work: Promise<void> = Promise.resolve();

  constructor(client: Pick<RestApi, 'apply'>, options: UpgradeOptions) {
    this.#client = client;
    this.#with = options;
  }

  /** Begins the step that the run waits for, once. */
  look(seen: Snapshot): void {
    const step = stepAwaited(seen);
    if (step === undefined || this.#begun.has(step)) return;
    this.#begun.add(step);
    this.#work = this.#work.then(() => this.#apply(step));
  }

  /** Waits for what has begun. Returns a problem for each step that the API server refused, and one if no step began. */
  async ended(): Promise<string[]> {
    await this.#work;
    if (this.#begun.size === 0) {
      const message = 'no test waited for an upgrade: choose the suites of upgrade';
      this.#note('UpgradeNotStarted', message);
      this.#troubles.push(message);
    }
    return this.#troubles;
  }

  async #apply(step: UpgradeStep): Promise<void> {
    const { from, to, values, signal } = this.#with;
    const object = environmentObject(values, imagesOf(step, from, to), ownRuntime(from));
    const path = pathOf(TEST_ENVIRONMENTS, { namespace: NAMES.operatorNamespace, name: NAMES.environment });
    this.#note(
      'UpgradeStarted',
      `${step} of ${NAMES.environment}: Backend.AI ${from.release} to ${to.release}`,
    );
    try {
      await this.#client.apply(path, object, signal);
    } catch (error) {
      signal.throwIfAborted();
      const why = error instanceof Error ? error.message : String(error);
      this.#troubles.push(`the upgrade of ${step} could not begin: ${why}`);
    }
  }

  #note(reason: JobEvent['reason'], message: string): void {
    const at = (this.#with.now?.() ?? new Date()).toISOString();
    this.events.push({ at, reason, message });
    this.#with.progress.log(`upgrade: ${message}`);
  }
}
