import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { partsOf } from '@backendai-e2e/api/artifact-key';
import { WrongSumError } from './backend.ts';

/** Bytes of one artifact at most: logs are cut far below this by whoever sends them. */
export const LARGEST_ARTIFACT = 64 * 1024 * 1024;

/** More bytes than an artifact may have. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

/** Passes bytes on, and fails at their end when their SHA-256 is not the one that the key names, or as soon as they are too many. */
export function checked(key: string, largest: number = LARGEST_ARTIFACT): Transform {
  const expected = partsOf(key)?.sha256;
  const hash = createHash('sha256');
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > largest) {
        done(new TooLargeError(`an artifact has ${largest} bytes at most`));
        return;
      }
      hash.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      const found = hash.digest('hex');
      done(found === expected ? null : new WrongSumError(`the SHA-256 of what came is ${found}`));
    },
  });
}
