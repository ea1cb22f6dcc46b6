import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { partsOf } from '@backendai-e2e/api/artifact-key';
import { WrongSumError } from './backend.ts';

/** Maximum size of an artifact in bytes. The operator truncates logs far below it. */
export const LARGEST_ARTIFACT = 64 * 1024 * 1024;

/** The artifact is larger than allowed. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

/** Passes bytes on. Fails at their end if the key has another SHA-256, or as soon as they are too many. */
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
