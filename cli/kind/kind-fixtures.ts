import { EventEmitter } from 'node:events';
import type { TestRun } from '@backendai-e2e/api/test-run';
import type { WatchEvent } from '@backendai-e2e/kube/calls';
import type { KubeList, RestApi } from '@backendai-e2e/kube/rest-client';
import { run, suite } from '@backendai-e2e/results/run-fixtures';
import type { ImageSet } from '../images/build.ts';
import { BAKED, LOADED } from '../images/table.ts';
import { PhaseClock } from '../pipeline/phases.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import { PlainRenderer } from '../terminal/renderer.ts';
import type { Effects } from './effects.ts';
import type { KindOptions } from './kind-options.ts';
import { runKind } from './kind-pipeline.ts';
import type { NodeCpu } from './node-cpu.ts';

const refs = Object.fromEntries(
  [...BAKED, ...LOADED].map((name) => [name, `x/${name}:1`]),
) as ImageSet['refs'];

export const options: KindOptions = {
  keep: false,
  reuse: false,
  includeSlow: true,
  timeoutSeconds: 60,
  parallelism: 1,
  catalog: ['s'],
  environmentValues: {},
  cacheDir: '/nowhere',
};

const testSuite = { metadata: { name: 's' }, spec: { files: ['area/one'], image: refs.suites } };

type Step = Exclude<keyof Effects, 'watchMemory' | 'nodeCpu' | 'connect'>;

/** A machine that records each step. `at` runs inside a step before the step ends. */
export class Machine {
  readonly did: string[] = [];
  readonly signals = new EventEmitter();
  cluster = false;
  leftovers: string[] = [];
  at: Partial<Record<Step | 'collect' | 'created', () => unknown>> = {};
  finished: TestRun = run([suite('s', 'Passed')]);
  patches: unknown[] = [];
  applied: string[] = [];
  environments: unknown[] = [];
  /** Version of the manager in the images. */
  release = '26.9.6';
  /** CPU of the node at the next look: 30 s more each time. */
  cpu: () => NodeCpu | undefined = () => {
    this.#cpuSeconds += 30;
    return { cpuSeconds: this.#cpuSeconds, cores: 2 };
  };
  #cpuSeconds = 0;
  /** The Backend.AI that images were wanted for. */
  backendAi: unknown;

  async job(more: Partial<KindOptions> = {}) {
    const parts = {
      effects: this.effects(),
      renderer: new PlainRenderer({ write: () => {} }, () => 0),
      clock: new PhaseClock(),
      interruption: onInterrupt(() => {}, this.signals),
      collect: async () => {
        await this.step('collect');
        return [];
      },
    };
    const { ending, state } = await runKind({ ...options, ...more }, parts);
    return { ending, state, kept: state.kept };
  }

  interrupt(): void {
    this.signals.emit('SIGINT', 'SIGINT');
  }

  async step(name: Step | 'collect' | 'created'): Promise<void> {
    this.did.push(name);
    await this.at[name]?.();
  }

  effects(): Effects {
    return {
      inspect: async () => {
        await this.step('inspect');
        return [];
      },
      tools: async () => {
        await this.step('tools');
        return { kind: 'kind', helm: 'helm', kubectl: 'kubectl' };
      },
      engine: () => this.step('engine'),
      images: async (_, { backendAi } = {}) => {
        this.backendAi = backendAi;
        await this.step('images');
        return { refs, components: {}, runtimeImage: 'r', nodeImage: 'node', release: this.release };
      },
      clusterExists: async () => this.cluster,
      createCluster: async () => {
        this.cluster = true;
        await this.step('createCluster');
      },
      joinCluster: () => this.step('joinCluster'),
      loadImages: () => this.step('loadImages'),
      deleteCluster: async (p) => {
        p.signal.throwIfAborted();
        await this.step('deleteCluster');
        this.cluster = false;
      },
      leftovers: async () => this.leftovers,
      connect: async () => this.api(),
      installOperator: () => this.step('installOperator'),
      kubectl: async () => '',
      watchMemory: () => ({ stop: async () => 1024 }),
      nodeCpu: async () => this.cpu(),
    };
  }

  /** Contains one run, which is finished when it is first read, unless `at.created` throws or waits. */
  api(): RestApi {
    const items = Object.entries({
      testruns: [this.finished],
      testsuites: [testSuite],
      testenvironments: this.environments,
    });
    const list = (path: string): KubeList<unknown> => ({
      metadata: { resourceVersion: '1' },
      items: items.find(([plural]) => path.endsWith(`/${plural}`))?.[1] ?? [],
    });
    return {
      get: async <T>(path: string) => list(path) as T,
      create: async <T>() => {
        await this.step('created');
        return this.finished as T;
      },
      apply: async <T>(path: string) => {
        this.applied.push(path.split('/').slice(-2).join('/'));
        return {} as T;
      },
      mergePatch: async <T>(_path: string, patch: unknown) => {
        this.patches.push(patch);
        this.finished = run([suite('s', 'Interrupted')], { status: 'False', reason: 'Cancelled' });
        return this.finished as T;
      },
      delete: async () => ({}),
      text: async () => '',
      bytes: async () => Buffer.alloc(0),
      putBytes: async () => Buffer.alloc(0),
      watch: async function* <T>(
        _path: string,
        _query: unknown,
        signal: AbortSignal,
      ): AsyncGenerator<WatchEvent<T>> {
        signal.throwIfAborted();
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        yield* [];
      },
      close: async () => {},
    };
  }
}
