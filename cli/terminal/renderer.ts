import { plainLine, printable } from '@backendai-e2e/results/plain-text';
import { Listr, PRESET_TIMER } from 'listr2';
import { trustedOutput } from './guarded-output.ts';

/** Reports the progress of a phase. */
export interface PhaseProgress {
  /** A line worth keeping where output only grows. */
  log(line: string): void;
  /** Replaces the lines about the current state. Shown on terminals only. */
  state(lines: readonly string[]): void;
  /** Replaces the title of the phase on a terminal, for example with its result. */
  title(text: string): void;
}

/** Shows a job to a person. */
export interface Renderer {
  /** Runs the work of one phase under a title. Errors pass through, after the renderer showed that the phase failed. */
  phase<T>(title: string, work: (progress: PhaseProgress) => Promise<T>): Promise<T>;
  /** Lines outside any phase: the summary. */
  print(lines: readonly string[]): void;
}

/** Receives every line of progress, for the log file. */
export type Recorder = (line: string) => void;

/** What a renderer needs of a stream such as process.stdout. */
export interface Output {
  isTTY?: boolean;
  /** Width of the terminal; some that are none say 0. */
  columns?: number;
  write(text: string): unknown;
}

/** A terminal narrower than this shows a task list badly. */
const MIN_COLUMNS = 40;

/** The renderer that fits: a live task list on a terminal, else plain lines with the elapsed seconds. */
export function rendererFor(output: Output, elapsed: () => number, record: Recorder): Renderer {
  return output.isTTY && (output.columns ?? 0) >= MIN_COLUMNS
    ? new LiveRenderer(output, elapsed, record)
    : new PlainRenderer(output, elapsed, record);
}

/** "[  12.3s] " */
export function stamp(seconds: number): string {
  return `[${seconds.toFixed(1).padStart(6)}s] `;
}

/** What all renderers share: where lines go, the seconds since the job began, and the record of what was printed. */
abstract class BaseRenderer implements Renderer {
  protected readonly output: Output;
  protected readonly elapsed: () => number;
  protected readonly record: Recorder;

  constructor(output: Output, elapsed: () => number, record: Recorder = () => {}) {
    this.output = output;
    this.elapsed = elapsed;
    this.record = record;
  }

  abstract phase<T>(title: string, work: (progress: PhaseProgress) => Promise<T>): Promise<T>;

  print(lines: readonly string[]): void {
    for (const line of lines.map(printable)) {
      this.output.write(`${line}\n`);
      this.record(line);
    }
  }
}

/** Lines that only grow, each with the seconds since the job began; for logs and CI. */
export class PlainRenderer extends BaseRenderer {
  override async phase<T>(title: string, work: (progress: PhaseProgress) => Promise<T>): Promise<T> {
    const from = this.elapsed();
    let heading = title;
    this.#line(`▸ ${title}`);
    const progress: PhaseProgress = {
      log: (line) => this.#line(`  ${line}`),
      state: () => {},
      title: (text) => {
        heading = text;
      },
    };
    try {
      const result = await work(progress);
      this.#line(`✓ ${heading} (${(this.elapsed() - from).toFixed(1)} s)`);
      return result;
    } catch (error) {
      this.#line(`✗ ${heading} (${(this.elapsed() - from).toFixed(1)} s)`);
      throw error;
    }
  }

  #line(text: string): void {
    for (const each of printable(text).split('\n')) {
      const line = stamp(this.elapsed()) + each;
      this.output.write(`${line}\n`);
      this.record(line);
    }
  }
}

/** A task list that is redrawn on each change: one task for each phase, with its state below it. */
class LiveRenderer extends BaseRenderer {
  override async phase<T>(title: string, work: (progress: PhaseProgress) => Promise<T>): Promise<T> {
    let result: { value: T } | undefined;
    const list = new Listr(
      [
        {
          title,
          task: async (_context, task) => {
            const progress: PhaseProgress = {
              log: (line) => {
                const shown = printable(line);
                this.record(stamp(this.elapsed()) + shown);
                task.output = shown;
              },
              state: (lines) => {
                task.output = lines.map(plainLine).join('\n');
              },
              title: (text) => {
                task.title = plainLine(text);
              },
            };
            result = { value: await work(progress) };
          },
        },
      ],
      {
        registerSignalListeners: false,
        rendererOptions: { timer: PRESET_TIMER, collapseErrors: false, showErrorMessage: false },
        fallbackRenderer: 'simple',
      },
    );
    await trustedOutput(() => list.run());
    if (!result) throw new Error(`phase "${title}" ended without a result`);
    return result.value;
  }
}
