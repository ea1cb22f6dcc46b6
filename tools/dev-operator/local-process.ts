import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';

/** A process that does not see the Ctrl-C of the terminal: its owner ends it in order. */
export class LocalProcess {
  /** Resolves when it has ended, with how: "ended with code 1". */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;

  /** @param stdout inherit: shown to the user; pipe: read with untilLine */
  constructor(file: string, args: readonly string[], stdout: 'inherit' | 'pipe') {
    // Clients in it must use the kubeconfig that they are given.
    const { KUBECONFIG: _, ...env } = process.env;
    this.#child = spawn(file, args, {
      cwd: PROJECT_ROOT,
      env,
      detached: true,
      stdio: ['ignore', stdout, 'inherit'],
    });
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(`could not be started: ${error.message}`));
      this.#child.once('exit', (code, signal) =>
        resolve(code === null ? `was ended by ${signal}` : `ended with code ${code}`),
      );
    });
  }

  /** Waits for a line that begins so. Throws an Error when the process ends before, or the signal's reason. */
  async untilLine(beginning: string, signal: AbortSignal): Promise<void> {
    const { stdout } = this.#child;
    if (!stdout) throw new Error('the output of this process is not read');
    const seen = new Promise<'seen'>((resolve) => {
      // Reads on afterwards: a pipe that is not read would stop the process.
      createInterface({ input: stdout }).on('line', (line) => {
        if (line.startsWith(beginning)) resolve('seen');
      });
    });
    signal.throwIfAborted();
    const how = await Promise.race([seen, this.ended, once(signal, 'abort').then(() => 'aborted')]);
    signal.throwIfAborted();
    if (how !== 'seen') throw new Error(`it ${how} before it printed "${beginning}"`);
  }

  /** Ends it with SIGTERM, and with SIGKILL after `graceMs`. Resolves when it has ended. */
  async stop(graceMs: number): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), graceMs);
    this.#child.kill('SIGTERM');
    await this.ended;
    clearTimeout(timer);
  }
}
