import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Mutant, mutated } from './mutants.ts';

/** Key of the query that distinguishes the modules of one mutant from those of another. */
const KEY = 'mutant';

/**
 * Loads the modules below a folder again for each mutant, with the mutant's change in them. All others, such as libraries and
 * other workspaces, are loaded once: they import nothing of that folder.
 */
export class FreshModules {
  readonly #folder: string;
  #generation = 0;
  #mutant: Mutant | undefined;
  readonly #root: string;

  /** @param folder path from the root, for example "suites" */
  constructor(root: string, folder: string) {
    this.#root = root;
    this.#folder = `${pathToFileURL(path.join(root, folder)).href}/`;
    registerHooks({
      resolve: (specifier, context, next) => {
        const found = next(specifier, context);
        const url = found.url.replace(/\?.*$/, '');
        if (!url.startsWith(this.#folder) || !url.endsWith('.ts')) return found;
        return { ...found, url: `${url}?${KEY}=${this.#generation}` };
      },
      load: (url, context, next) => {
        if (!this.#mutant || url.replace(/\?.*$/, '') !== this.urlOf(this.#mutant.file))
          return next(url, context);
        const source = mutated(readFileSync(fileURLToPath(url), 'utf8'), this.#mutant);
        return { format: 'module-typescript', source, shortCircuit: true };
      },
    });
  }

  /** Later imports get new modules with this change; undefined: unchanged ones. */
  next(mutant: Mutant | undefined): void {
    this.#generation += 1;
    this.#mutant = mutant;
  }

  /** The file of a URL that was loaded since the last call of {@link next}; undefined for others. */
  fileOf(url: string): string | undefined {
    const own = `?${KEY}=${this.#generation}`;
    if (!url.startsWith(this.#folder) || !url.endsWith(own)) return undefined;
    return path.relative(this.#root, fileURLToPath(url.slice(0, -own.length)));
  }

  urlOf(file: string): string {
    return pathToFileURL(path.join(this.#root, file)).href;
  }
}
