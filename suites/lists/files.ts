import { globSync, statSync } from 'node:fs';
import path from 'node:path';

/** A list is invalid. The message names the place and what is wrong there. */
export class InvalidList extends Error {
  override name = 'InvalidList';
}

/** The file itself, or the YAML files of a folder by name. @throws InvalidList if the folder has none */
export function listFiles(place: string): string[] {
  if (!statSync(place).isDirectory()) return [place];
  const files = globSync('*.yaml', { cwd: place }).sort();
  if (files.length === 0) throw new InvalidList(`${place} has no list: it needs a *.yaml file`);
  return files.map((file) => path.join(place, file));
}
