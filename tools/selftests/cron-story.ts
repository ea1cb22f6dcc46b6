import { conditionOf } from '@backendai-e2e/api/conditions';
import type { ObjectMeta } from '@backendai-e2e/api/group';
import { RUN_CONDITIONS, type TestRun } from '@backendai-e2e/api/test-run';

/** The fields of a scheduled Job that the story reads. */
export interface JobSeen {
  metadata: ObjectMeta;
  status?: { active?: number; conditions?: { type: string; status: string }[] };
}

/** The fields of a CronJob's event that the story reads. */
export interface CronJobSeen {
  metadata: ObjectMeta;
  message?: string;
}

type Outcome = 'Complete' | 'Failed';

/** What the scheduled runs did, observed at intervals. */
export class ScheduleStory {
  /** Outcomes of scheduled runs in the order in which they were seen to end. */
  readonly #ended = new Map<string, Outcome>();
  readonly #troubles = new Set<string>();
  #jobs: readonly string[] = [];
  #runs: readonly string[] = [];

  /** Takes the current Jobs and runs. Returns a line for each scheduled run that ended. */
  look(jobs: readonly JobSeen[], runs: readonly TestRun[]): string[] {
    this.#jobs = jobs.map((job) => job.metadata.name);
    this.#runs = runs.map((run) => run.metadata.name);
    const active = jobs.filter((job) => outcomeOf(job) === undefined).map((job) => job.metadata.name);
    if (active.length > 1)
      this.#troubles.add(`two scheduled runs went on at once: ${active.sort().join(', ')}`);
    const lines: string[] = [];
    for (const job of jobs) {
      const { name } = job.metadata;
      const outcome = outcomeOf(job);
      if (outcome === undefined || this.#ended.has(name)) continue;
      this.#ended.set(name, outcome);
      const run = runs.find((one) => one.metadata.name === name);
      const succeeded = conditionOf(run?.status?.conditions, RUN_CONDITIONS.succeeded);
      lines.push(
        `${name}: Job ${outcome}, TestRun ${run ? (succeeded?.reason ?? 'without a verdict') : 'is not there'}`,
      );
      if ((succeeded?.status === 'True') !== (outcome === 'Complete')) {
        this.#troubles.add(
          `${name}: its Job is ${outcome} and its TestRun's verdict is ${succeeded?.status}`,
        );
      }
    }
    return lines;
  }

  /** Scheduled runs that succeeded, oldest first. */
  succeeded(): string[] {
    return this.#with('Complete');
  }

  failed(): string[] {
    return this.#with('Failed');
  }

  /** Whether both the Job and the TestRun of a scheduled run are gone. */
  isGone(name: string): boolean {
    return !this.#jobs.includes(name) && !this.#runs.includes(name);
  }

  /** Scheduled runs that ended and whose Job and TestRun both exist. */
  kept(): string[] {
    return [...this.#ended.keys()].filter((name) => this.#jobs.includes(name) && this.#runs.includes(name));
  }

  /** Violations, one sentence each. */
  troubles(): string[] {
    return [...this.#troubles];
  }

  /** Everything seen so far, in one line. */
  summary(): string {
    const ended = [...this.#ended].map(([name, outcome]) => `${name} ${outcome}`);
    return `ended: ${ended.join(', ') || 'none'}; Jobs: ${this.#jobs.join(', ') || 'none'}; runs: ${this.#runs.join(', ') || 'none'}`;
  }

  #with(outcome: Outcome): string[] {
    return [...this.#ended].filter(([, one]) => one === outcome).map(([name]) => name);
  }
}

function outcomeOf(job: JobSeen): Outcome | undefined {
  for (const type of ['Complete', 'Failed'] as const) {
    if (job.status?.conditions?.some((one) => one.type === type && one.status === 'True')) return type;
  }
  return undefined;
}
