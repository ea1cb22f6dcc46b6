import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { command, commandWithRetry } from '../machine/command.ts';
import { PROJECT_ROOT, type Provision, ProvisionError } from '../machine/provision.ts';
import { contentKey, pathParts } from './content-key.ts';
import { type Extra, linkOrCopy } from './extras.ts';

/** Scope of the workspaces' names. */
const SCOPE = '@backendai-e2e/';

/** Tests of the code itself, and their fixtures: they stay out of the images. */
const OWN_TEST = /(\.(spec|integration)|-fixtures)\.(ts|js)$/;

/** Files of packages that only authors and type checkers need. */
const NOT_FOR_RUNNING = /(\.(ts|mts|cts|map|tsbuildinfo)$)|(^\.package-lock\.json$)/;

/** The Node.js binary of an npm package, at the version and with the checksum of package-lock.json. */
export function nodeBinary(to: string): Extra {
  const name = `node-linux-${process.arch}`;
  const source = path.join(PROJECT_ROOT, 'node_modules', name, 'bin/node');
  return {
    to,
    key: async () => `node-${await lockedVersion(name)}-${process.platform}-${process.arch}`,
    put: async (_, target) => {
      if (process.platform !== 'linux') {
        throw new ProvisionError(
          `The images need a Linux binary of Node.js, and this machine (${process.platform}) has another.`,
          'Run this on Linux, or in a Linux virtual machine.',
        );
      }
      await linkOrCopy(source, target);
    },
  };
}

/** One workspace of the checkout, as its package.json describes it. */
interface Workspace {
  /** Folder, relative to the checkout. */
  folder: string;
  manifest: {
    name: string;
    exports?: Record<string, string>;
    dependencies?: Record<string, string>;
    devDependencies?: Record<string, string>;
  };
}

/**
 * node_modules for one workspace and those it depends on, at the versions of package-lock.json. It has no types and no source
 * maps. The workspaces themselves are not in it: see compiledCode.
 */
export function productionModules(workspace: string, to: string): Extra {
  const lock = path.join(PROJECT_ROOT, 'package-lock.json');
  return {
    to,
    key: async () => contentKey({ ...(await pathParts(lock)), workspace, prune: NOT_FOR_RUNNING.source }),
    put: async (builder, target) => {
      const work = `${target}.npm`;
      await mkdir(work);
      for (const file of ['package.json', 'package-lock.json', '.npmrc']) {
        await cp(path.join(PROJECT_ROOT, file), path.join(work, file));
      }
      for (const { folder, manifest } of await workspaces()) {
        // Without devDependencies: those of one workspace name others, and npm installs what these need to run.
        const { devDependencies: _, ...runtime } = manifest;
        await mkdir(path.join(work, folder), { recursive: true });
        await writeFile(path.join(work, folder, 'package.json'), JSON.stringify(runtime));
      }
      // Scripts of packages are not run: none of those needed at run time has one.
      await commandWithRetry(
        builder.p,
        'npm',
        [
          'ci',
          `--workspace=${SCOPE}${workspace}`,
          '--omit=dev',
          '--ignore-scripts',
          '--no-audit',
          '--no-fund',
        ],
        { cwd: work, timeoutSeconds: 600, log: `npm-ci-${workspace}` },
      );
      const modules = path.join(work, 'node_modules');
      await removeFiles(modules, (name) => NOT_FOR_RUNNING.test(name));
      await rm(path.join(modules, '.bin'), { recursive: true, force: true });
      await rm(path.join(modules, SCOPE), { recursive: true, force: true });
      await cp(modules, target, { recursive: true, verbatimSymlinks: true });
      await rm(work, { recursive: true });
    },
  };
}

/**
 * The compiled code of one workspace and of those it depends on, and the other files beside it. Its
 * node_modules has a link to each of these workspaces. Types are not checked: `make test` does that, and it would slow down the build.
 */
export function compiledCode(workspace: string, to: string): Extra {
  return {
    to,
    key: async () => {
      const parts: Record<string, string> = {
        ...(await pathParts(path.join(PROJECT_ROOT, 'tsconfig.json'))),
      };
      for (const { folder } of await closureOf(workspace)) {
        for (const [file, hash] of Object.entries(await pathParts(path.join(PROJECT_ROOT, folder)))) {
          if (!OWN_TEST.test(file)) parts[`${folder}/${file}`] = hash;
        }
      }
      return contentKey(parts);
    },
    put: (builder, target) => compileTo(builder.p, workspace, target),
  };
}

/** Writes what {@link compiledCode} describes into the folder `target`, which does not exist yet. */
export async function compileTo(p: Provision, workspace: string, target: string): Promise<void> {
  const work = `${target}.tsc`;
  const tsc = path.join(PROJECT_ROOT, 'node_modules/.bin/tsc');
  await command(p, tsc, ['-p', PROJECT_ROOT, '--outDir', work, '--noCheck'], {
    cwd: PROJECT_ROOT,
    timeoutSeconds: 300,
    log: 'tsc',
    remedy: 'Run "make test": it shows what does not compile.',
  });
  const links = path.join(target, 'node_modules', SCOPE);
  await mkdir(links, { recursive: true });
  for (const { folder, manifest } of await closureOf(workspace)) {
    await cp(path.join(PROJECT_ROOT, folder), path.join(target, folder), {
      recursive: true,
      filter: (file) => !file.endsWith('.ts'),
    });
    await cp(path.join(work, folder), path.join(target, folder), { recursive: true });
    await writeFile(path.join(target, folder, 'package.json'), JSON.stringify(compiled(manifest)));
    await symlink(path.join('../..', folder), path.join(links, manifest.name.slice(SCOPE.length)));
  }
  await removeFiles(target, (name) => OWN_TEST.test(name));
  await rm(work, { recursive: true });
}

/** The manifest for compiled code: what it exports are the files that tsc makes. */
function compiled({ name, exports = {} }: Workspace['manifest']): object {
  const files = Object.entries(exports).map(([key, file]) => [key, file.replace(/\.ts$/, '.js')]);
  return { name, type: 'module', exports: Object.fromEntries(files) };
}

/** A workspace and all workspaces that it depends on at run time. Throws for one that does not exist. */
async function closureOf(workspace: string): Promise<Workspace[]> {
  const all = await workspaces();
  const found = new Map<string, Workspace>();
  const add = (name: string): void => {
    if (found.has(name)) return;
    const one = all.find(({ manifest }) => manifest.name === name);
    if (!one) throw new Error(`package.json names no workspace "${name}"`);
    found.set(name, one);
    for (const other of Object.keys(one.manifest.dependencies ?? {})) {
      if (other.startsWith(SCOPE)) add(other);
    }
  };
  add(`${SCOPE}${workspace}`);
  return [...found.values()];
}

/** The workspaces that package.json lists, folder by folder. */
async function workspaces(): Promise<Workspace[]> {
  const read = async <T>(file: string): Promise<T> =>
    JSON.parse(await readFile(path.join(PROJECT_ROOT, file), 'utf8')) as T;
  const { workspaces: folders } = await read<{ workspaces: string[] }>('package.json');
  return Promise.all(
    folders.map(async (folder) => ({
      folder,
      manifest: await read<Workspace['manifest']>(path.join(folder, 'package.json')),
    })),
  );
}

async function lockedVersion(name: string): Promise<string> {
  const lock: unknown = JSON.parse(await readFile(path.join(PROJECT_ROOT, 'package-lock.json'), 'utf8'));
  const packages =
    typeof lock === 'object' && lock !== null && 'packages' in lock ? lock.packages : undefined;
  const entry: unknown =
    typeof packages === 'object' && packages !== null
      ? new Map(Object.entries(packages)).get(`node_modules/${name}`)
      : undefined;
  if (
    typeof entry === 'object' &&
    entry !== null &&
    'version' in entry &&
    typeof entry.version === 'string'
  ) {
    return entry.version;
  }
  throw new Error(`package-lock.json has no package "${name}"`);
}

async function removeFiles(root: string, unwanted: (name: string) => boolean): Promise<void> {
  for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() && unwanted(entry.name)) await rm(path.join(entry.parentPath, entry.name));
  }
}
