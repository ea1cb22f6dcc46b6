import { StringDecoder } from 'node:string_decoder';
import { printable } from '@backendai-e2e/results/plain-text';

/** An output of the process, or a stand-in in a test. */
export interface GuardedOutput {
  // The types of the rest differ by output: it is passed on as it is.
  write(chunk: Uint8Array | string, ...rest: never[]): boolean;
}

/** Lets a program of ours write escape sequences meanwhile: the live task list. It must make what it shows printable itself. */
export interface OutputGuard {
  trusted<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * Commands of GitHub Actions ("::name" at the start of a line, "##[name]" anywhere) and of Azure Pipelines ("##vso[name]"). Their
 * runners obey such lines in the output of any program.
 */
const LINE_COMMAND = /^([^\S\n]*)::/gm;
const INLINE_COMMAND = /##(?=\[|vso\[)/g;

/**
 * Makes everything printable that is written to these outputs from now on. Titles, reasons and log lines come from suites and
 * components. They could otherwise command the terminal or the CI service that shows them.
 */
export function guardOutputs(
  outputs: readonly GuardedOutput[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): OutputGuard {
  const ofService = env.GITHUB_ACTIONS !== undefined || env.TF_BUILD !== undefined;
  let trusting = 0;
  for (const output of outputs) {
    const write = output.write.bind(output);
    const decoder = new StringDecoder('utf8');
    output.write = (chunk, ...rest) => {
      if (trusting > 0) return write(chunk, ...rest);
      const text = typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk));
      return write(ofService ? withoutCommands(printable(text)) : printable(text), ...rest);
    };
  }
  return {
    async trusted(work) {
      trusting += 1;
      try {
        return await work();
      } finally {
        trusting -= 1;
      }
    },
  };
}

/** The text without commands for a CI service. */
function withoutCommands(text: string): string {
  return text.replace(LINE_COMMAND, '$1: :').replace(INLINE_COMMAND, '## ');
}

let installed: OutputGuard | undefined;

/** Guards the outputs of this process. The program calls it once, at its start. */
export function guardProcess(): void {
  installed ??= guardOutputs([process.stdout, process.stderr]);
}

/** Does some work whose escape sequences reach the outputs of this process. */
export function trustedOutput<T>(work: () => Promise<T>): Promise<T> {
  return installed ? installed.trusted(work) : work();
}
