import path from 'node:path';

/** A name that came from a cluster cannot be one part of a path. */
export class UnsafeName extends Error {
  override readonly name = 'UnsafeName';
  constructor(name: string) {
    const shown = JSON.stringify(name.length > SHOWN ? `${name.slice(0, SHOWN)}…` : name);
    super(`${shown} comes from the cluster and is no file name: nothing is written for it`);
  }
}

/** Characters of a refused name that its error shows. */
const SHOWN = 80;
/** Longest name of a file on common file systems, bytes (NAME_MAX of Linux). */
const NAME_BYTES = 255;
/** Separators of paths, and characters that no file name should contain. */
const FORBIDDEN = /[/\\\p{Cc}]/u;

/**
 * The path of a file or folder below `folder`. Every name becomes exactly one part of the path, so that the result cannot be
 * outside of the folder. Throws UnsafeName for an empty name, ".", "..", a separator, a control character, a name of more than
 * 255 bytes.
 */
export function insideFolder(folder: string, ...names: readonly string[]): string {
  for (const name of names) {
    const wrong = name === '' || name === '.' || name === '..' || FORBIDDEN.test(name);
    if (wrong || Buffer.byteLength(name) > NAME_BYTES) throw new UnsafeName(name);
  }
  return path.join(folder, ...names);
}
