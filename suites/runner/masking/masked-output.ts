import { StringDecoder } from 'node:string_decoder';
import type { Secrets } from '@backendai-e2e/redaction/redaction';

/** An output: process.stdout, process.stderr, or a test double. */
interface Output {
  write(chunk: Uint8Array | string, ...rest: never[]): boolean;
}

/** What masks the outputs. */
export interface MaskedOutputs {
  /**
   * For each output, what writes whole lines to it past the mask. It also works while a test has replaced `write`, and it ends an
   * open line of a test first. The caller masks what suites wrote.
   */
  print: ((lines: string) => void)[];
  /** Writes the lines that have not ended, masked: at the end of the process. */
  flush(): void;
}

/** Characters of one line that are held back at most. */
const LINE_LENGTH = 64 * 1024;
/** Of a longer line, its last characters are held back: no secret is longer in any form. */
const OVERLAP = 16 * 1024;

/**
 * Masks everything that this process writes to the outputs from now on, including the output of suites and libraries. A secret may
 * arrive in parts, and what is before a value decides whether it is masked. So a line is held back until it ends.
 */
export function maskOutputs(secrets: Secrets, outputs: readonly Output[]): MaskedOutputs {
  const masked = outputs.map((output) => {
    const write = output.write.bind(output);
    const decoder = new StringDecoder('utf8');
    let held = '';
    /** Whether what was written ends within a line: the beginning of one that was too long. */
    let open = false;
    output.write = (chunk, ...rest) => {
      held += typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk));
      const whole = held.lastIndexOf('\n') + 1;
      const end = held.length - whole > LINE_LENGTH ? breakBefore(held, held.length - OVERLAP) : whole;
      const text = secrets.mask(held.slice(0, end));
      held = held.slice(end);
      if (text !== '') open = !text.endsWith('\n');
      // Also without text: the caller may wait for its callback.
      return write(text, ...rest);
    };
    const print = (lines: string): void => {
      const rest = secrets.mask(held);
      held = '';
      const line = rest !== '' || open ? `${rest}\n` : '';
      open = false;
      write(`${line}${lines}`);
    };
    const flush = (): void => {
      const rest = secrets.mask(held + decoder.end());
      held = '';
      if (rest !== '') write(rest);
    };
    return { print, flush };
  });
  return {
    print: masked.map(({ print }) => print),
    flush: () => {
      for (const { flush } of masked) flush();
    },
  };
}

/** Where to break a line: at the last blank before `at`, so that no word is divided, or there. */
function breakBefore(line: string, at: number): number {
  const blank = line.lastIndexOf(' ', at);
  return blank > at - OVERLAP ? blank + 1 : at;
}
