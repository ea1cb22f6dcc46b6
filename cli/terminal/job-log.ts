import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

/** The log file of a command: every line of progress, also those that a terminal replaces. */
export interface JobLog {
  write(line: string): void;
  close(): Promise<void>;
}

/** Truncates and opens the file. Its folder must exist. */
export function openJobLog(file: string): JobLog {
  const stream = createWriteStream(file);
  return {
    write: (line) => {
      stream.write(`${line}\n`);
    },
    close: async () => {
      stream.end();
      await finished(stream);
    },
  };
}
