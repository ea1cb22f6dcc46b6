import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Connection } from '../../operator/api/connection.ts';
import type { Ledger } from './ledger.ts';
import { Inconclusive, recorder } from './record.ts';
import type { Tables } from './schema.ts';

/** A program may take this long, milliseconds: imports of the manager take 3 s, and 20 s on a busy machine. */
const PROGRAM_MS = 180_000;
/** Prints what the models say (it stands beside the suite). */
const MODELS = fileURLToPath(new URL('../database/models.py', import.meta.url));
/** How much of a failed program's output its error shows, characters. */
const SHOWN = 2_000;

/** A component that has a database. */
export type Part = 'manager' | 'appproxy';

/** What the models of a component say: the answer of database/models.py. */
export interface Models {
  version: string;
  heads: string[];
  /** Newest first. */
  revisions: string[];
  tables: Tables;
}

/** The database of an earlier release that the image carries. */
export interface PreviousRelease {
  version: string;
  /** Statements that make it in an empty database. */
  sql: string;
}

/** A program of Backend.AI ended with an error. */
export class ProgramFailed extends Error {
  override name = 'ProgramFailed';
}

const INI: Record<Part, string> = { manager: 'alembic.ini', appproxy: 'alembic-appproxy.ini' };

/**
 * Backend.AI's own command-line programs, in the image suites-backend-ai. Each call gets a folder with configuration
 * for one database.
 */
export class Programs {
  readonly folder: string;
  readonly #templates: string;
  readonly #previous: string;

  private constructor(folder: string, templates: string, previous: string) {
    this.folder = folder;
    this.#templates = templates;
    this.#previous = previous;
  }

  /** Throws Inconclusive outside of that image. */
  static async open(ledger: Ledger, env: NodeJS.ProcessEnv = process.env): Promise<Programs> {
    const { E2E_ALEMBIC: templates, E2E_PREVIOUS_RELEASE: previous } = env;
    if (!templates || !previous) {
      throw new Inconclusive(
        'this suite calls programs of Backend.AI, which this image does not hold: runtimeImages.backend-ai of the ' +
          "operator's chart must name the image suites-backend-ai",
      );
    }
    const folder = await mkdtemp(path.join(tmpdir(), 'programs-'));
    ledger.add(`folder ${folder}`, () => rm(folder, { recursive: true, force: true }));
    return new Programs(folder, templates, previous);
  }

  async previousRelease(): Promise<PreviousRelease> {
    const read = (name: string): Promise<string> => readFile(path.join(this.#previous, name), 'utf8');
    return { version: (await read('version')).trim(), sql: await read('database.sql') };
  }

  /** What the models of this release say. */
  async models(part: Part): Promise<Models> {
    const answer: Models = JSON.parse((await this.run('python', [MODELS, part])).split('\n').at(-1) ?? '');
    return answer;
  }

  /** `alembic …` of a component on a database. Returns its output. */
  async alembic(part: Part, database: Connection['postgres'], ...args: string[]): Promise<string> {
    return this.run('alembic', ['-c', await this.#ini(part, database), ...args]);
  }

  /** The component's own command that fills an empty database: `… schema oneshot`. */
  async oneshot(part: Part, database: Connection['postgres']): Promise<string> {
    const command = part === 'manager' ? 'mgr' : 'app-proxy-coordinator';
    return this.run('backend.ai', [command, 'schema', 'oneshot', '-f', await this.#ini(part, database)]);
  }

  /** `backend.ai mgr schema show`: the revision of the database and the newest one, as the manager sees them. */
  async show(database: Connection['postgres']): Promise<{ current: string; head: string }> {
    const out = await this.run('backend.ai', [
      'mgr',
      'schema',
      'show',
      '-f',
      await this.#ini('manager', database),
    ]);
    return {
      current: /Current database revision: (\S+)/.exec(out)?.[1] ?? out,
      head: /head revision of available migrations: (\S+)/.exec(out)?.[1] ?? out,
    };
  }

  /** Runs a program to its end. Returns what it wrote to stdout; throws {@link ProgramFailed} with its last lines. */
  async run(file: string, args: readonly string[]): Promise<string> {
    const line = [file, ...args].join(' ');
    const since = performance.now();
    const ended = await execa(file, args, {
      cwd: this.folder,
      timeout: PROGRAM_MS,
      reject: false,
      all: true,
      stdin: 'ignore',
    });
    recorder.exchange(line, ended.all.slice(-SHOWN), (performance.now() - since) / 1000);
    if (!ended.failed) return ended.stdout.trim();
    const how = ended.timedOut ? `not within ${PROGRAM_MS / 1000} s` : `exit code ${ended.exitCode}`;
    const tail = recorder.secrets.mask(ended.all.slice(-SHOWN));
    throw new ProgramFailed(`${line} failed (${how}); the end of its output:\n${tail}`);
  }

  /** The chart's settings of alembic, for another database. */
  async #ini(part: Part, database: Connection['postgres']): Promise<string> {
    const { user, password, host, port, database: name } = database;
    const template = await readFile(path.join(this.#templates, INI[part]), 'utf8');
    // A percent sign begins a reference in such a file.
    const url = `postgresql+asyncpg://${user}:${encodeURIComponent(password)}@${host}:${port}/${name}`;
    const text = template.replace(
      /^sqlalchemy\.url = .*$/m,
      () => `sqlalchemy.url = ${url.replaceAll('%', '%%')}`,
    );
    const file = path.join(this.folder, `${name}-${INI[part]}`);
    await writeFile(file, text, { mode: 0o600 });
    return file;
  }
}
