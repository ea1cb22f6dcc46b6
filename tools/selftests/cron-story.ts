import { conditionOf } from '@backendai-e2e/api/conditions';
import type { ObjectMeta } from '@backendai-e2e/api/group';
import { RUN_CONDITIONS, type TestRun } from '@backendai-e2e/api/test-run';

/** What is read of a Job of the schedule. */
export interface JobSeen {
  metadata: ObjectMeta;
  status?: { active?: number; conditions?: { type: string; status: string }[] };
}

/** What is read of an event about the CronJob. */
export interface CronJobSeen {
  metadata: ObjectMeta;
  message?: string;
}

type Outcome = 'Complete' | 'Failed';

/** What the scheduled runs of a schedule did, as seen from look to look. */
export class ScheduleStory {
  /** Outcomes of scheduled runs in the order in which they were seen to end. */
  readonly #ended = new Map<string, Outcome>();
  readonly #troubles = new Set<string>();
  #jobs: readonly string[] = [];
  #runs: readonly string[] = [];

  /** Takes in the Jobs and runs that there are now; returns a line for each scheduled run that ended. */
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

  /** Ticks that succeeded, oldest first. */
  succeeded(): string[] {
    return this.#with('Complete');
  }

  failed(): string[] {
    return this.#with('Failed');
  }

  /** Whether neither the Job nor the run of a scheduled run is there any more. */
  isGone(name: string): boolean {
    return !this.#jobs.includes(name) && !this.#runs.includes(name);
  }

  /** Ticks that ended and whose Job and run are both there. */
  kept(): string[] {
    return [...this.#ended.keys()].filter((name) => this.#jobs.includes(name) && this.#runs.includes(name));
  }

  /** What must not be, a sentence each. */
  troubles(): string[] {
    return [...this.#troubles];
  }

  /** Everything seen so far, in a line. */
  told(): string {
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
