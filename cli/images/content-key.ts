import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';

/** Length of a key in hexadecimal digits: 48 bits, enough for the few hundred images of one machine. */
const KEY_LENGTH = 12;

/**
 * A short key over named parts: equal parts give equal keys in any order; any change gives another key.
 * @param parts name → content (text or a key of its own)
 */
export function contentKey(parts: Record<string, string>): string {
  const hash = createHash('sha256');
  for (const [name, content] of Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1))) {
    // Lengths in front, so that no two different lists of parts make the same bytes.
    hash.update(`${name.length}:${name}${content.length}:${content}`);
  }
  return hash.digest('hex').slice(0, KEY_LENGTH);
}

/**
 * The parts of a file or folder: relative path → hash of mode and content. Only the executable bit of the mode counts,
 * because the rest depends on the umask of the checkout.
 * @throws when the path does not exist
 */
export async function pathParts(root: string): Promise<Record<string, string>> {
  const parts: Record<string, string> = {};
  const visit = async (file: string): Promise<void> => {
    const info = await lstat(file);
    if (info.isDirectory()) {
      for (const name of await readdir(file)) await visit(path.join(file, name));
      return;
    }
    const content = info.isSymbolicLink() ? await readlink(file) : await readFile(file);
    const mode = info.isSymbolicLink() ? 'link' : (info.mode & 0o111) !== 0 ? 'executable' : 'file';
    parts[path.relative(root, file)] = createHash('sha256')
      .update(mode)
      .update('\0')
      .update(content)
      .digest('hex');
  };
  await visit(root);
  return parts;
}
