import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

/** The log file of a job: every line that was said, also those that a terminal shows only for a moment. */
export interface JobLog {
  write(line: string): void;
  close(): Promise<void>;
}

/** Opens the file anew; its folder exists. */
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
