import { environmentsIn, isReady, type Snapshot } from './follow.ts';

/** A time in which an environment of a run was not Ready, RFC 3339. */
export interface NotReady {
  environment: string;
  from: string;
  to: string;
}

/** Notes when the environments of a run were not Ready, from what following the run shows. */
export class ReadinessWatch {
  readonly #now: () => Date;
  /** When each environment that is not Ready ceased to be. */
  readonly #since = new Map<string, Date>();
  readonly #spans: NotReady[] = [];

  constructor(names: readonly string[], now: () => Date = () => new Date()) {
    this.#now = now;
    for (const name of names) this.#since.set(name, now());
  }

  /** Takes a state of the run. */
  look(seen: Snapshot): void {
    for (const environment of environmentsIn(seen)) {
      const { name } = environment.metadata;
      if (isReady(environment)) this.#close(name);
      else if (!this.#since.has(name)) this.#since.set(name, this.#now());
    }
  }

  /** All spans so far. One that still lasts ends now. */
  spans(): NotReady[] {
    const now = this.#now().toISOString();
    return [
      ...this.#spans,
      ...[...this.#since].map(([environment, from]) => ({ environment, from: from.toISOString(), to: now })),
    ];
  }

  #close(environment: string): void {
    const from = this.#since.get(environment);
    if (!from) return;
    this.#since.delete(environment);
    this.#spans.push({ environment, from: from.toISOString(), to: this.#now().toISOString() });
  }
}
