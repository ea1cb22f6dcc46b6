import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { RanFiles } from './coverage.ts';
import type { Mutant } from './mutants.ts';
import type { Answer, Question } from './worker.ts';

/** How a mutant ended. A stuck one never did, which a person would notice. "no spec": none runs the changed code. */
export type Fate = 'killed' | 'survived' | 'stuck' | 'no spec';

/** What became of one mutant. */
export interface Outcome {
  mutant: Mutant;
  fate: Fate;
  /** The test that killed it. */
  by?: string;
}

/** Milliseconds for the specs of one mutant. A mutant may loop without end. */
const MUTANT_MS = 30_000;
/** Milliseconds for a spec without a change, which loads libraries for the first time. */
const WATCH_MS = 300_000;
const WORKER = new URL('./worker.ts', import.meta.url);

/** Runs specs in a process of its own, which lasts until it gets stuck. */
export class Trials {
  readonly #root: string;
  readonly #folder: string;
  #child: ChildProcess | undefined;

  constructor(root: string, folder: string) {
    this.#root = root;
    this.#folder = folder;
  }

  /** The test that fails with a change; undefined: none; {@link STUCK}: no answer came in time. */
  async ask(specs: readonly string[], mutant: Mutant): Promise<string | undefined> {
    return (await this.#answer({ root: this.#root, folder: this.#folder, specs, mutant })).killedBy;
  }

  /** What a spec runs. @throws Error if it fails without a change */
  async watch(spec: string): Promise<RanFiles> {
    const question = { root: this.#root, folder: this.#folder, specs: [spec] };
    const { killedBy, ran } = await this.#answer(question, WATCH_MS);
    if (killedBy !== undefined) throw new Error(`${spec} fails without a change: ${killedBy}`);
    return ran ?? {};
  }

  async #answer(question: Question, milliseconds = MUTANT_MS): Promise<Answer> {
    const child = this.#worker();
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), milliseconds);
    try {
      const answered = once(child, 'message', { signal: abort.signal });
      const ended = once(child, 'exit', { signal: abort.signal });
      ended.catch(() => undefined);
      child.send(question);
      const [first] = (await Promise.race([answered, ended])) as [Answer | number | null];
      if (typeof first === 'object' && first !== null) return first;
      this.#child = undefined;
      return { killedBy: 'the process ended' };
    } catch (error) {
      if (!abort.signal.aborted) throw error;
      this.stop();
      return { killedBy: STUCK };
    } finally {
      clearTimeout(timer);
      abort.abort();
    }
  }

  stop(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  #worker(): ChildProcess {
    this.#child ??= fork(WORKER, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    return this.#child;
  }
}

/** What {@link Trials.ask} returns for a mutant without an end. */
export const STUCK = 'stuck';
