import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { command, commandWithRetry } from '../machine/command.ts';
import { PROJECT_ROOT, ProvisionError } from '../machine/provision.ts';
import { contentKey, pathParts } from './content-key.ts';
import { type Extra, linkOrCopy } from './extras.ts';

/** Folders of the checkout whose code goes into images. */
const COMPILED = ['operator', 'suites'];

/** Tests of the code itself: they are not part of the product. */
const OWN_TEST = /\.(spec|integration)\.(ts|js)$/;

/** What packages carry for authors and type checkers only. */
const NOT_FOR_RUNNING = /(\.(ts|mts|cts|map|tsbuildinfo)$)|(^\.package-lock\.json$)/;

/** The Node.js binary of the npm package `node`, at the version of package-lock.json. */
export function nodeBinary(to: string): Extra {
  const source = path.join(PROJECT_ROOT, 'node_modules/node/bin/node');
  return {
    to,
    key: async () => `node-${await lockedVersion('node')}-${process.platform}-${process.arch}`,
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

/** node_modules with what package-lock.json names for production, without types and source maps. */
export function productionModules(to: string): Extra {
  const lock = path.join(PROJECT_ROOT, 'package-lock.json');
  return {
    to,
    key: async () => contentKey({ ...(await pathParts(lock)), prune: NOT_FOR_RUNNING.source }),
    put: async (builder, target) => {
      const work = `${target}.npm`;
      await mkdir(work);
      for (const file of ['package.json', 'package-lock.json', '.npmrc']) {
        await cp(path.join(PROJECT_ROOT, file), path.join(work, file));
      }
      // Scripts of packages are not run: none of those needed at run time has one.
      await commandWithRetry(
        builder.p,
        'npm',
        ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'],
        {
          cwd: work,
          timeoutSeconds: 600,
          log: 'npm-ci',
        },
      );
      await removeFiles(path.join(work, 'node_modules'), (name) => NOT_FOR_RUNNING.test(name));
      await rm(path.join(work, 'node_modules/.bin'), { recursive: true, force: true });
      await cp(path.join(work, 'node_modules'), target, { recursive: true, verbatimSymlinks: true });
      await rm(work, { recursive: true });
    },
  };
}

/**
 * The compiled code of operator and suites, and the files beside it that are no TypeScript.
 * Types are not checked here: `make test` does, and an image must not take longer for it.
 */
export function compiledCode(to: string): Extra {
  return {
    to,
    key: async () => {
      const parts: Record<string, string> = {
        ...(await pathParts(path.join(PROJECT_ROOT, 'tsconfig.json'))),
      };
      for (const folder of COMPILED) {
        for (const [file, hash] of Object.entries(await pathParts(path.join(PROJECT_ROOT, folder)))) {
          if (!OWN_TEST.test(file)) parts[`${folder}/${file}`] = hash;
        }
      }
      return contentKey(parts);
    },
    put: async (builder, target) => {
      const work = `${target}.tsc`;
      const tsc = path.join(PROJECT_ROOT, 'node_modules/.bin/tsc');
      await command(builder.p, tsc, ['-p', PROJECT_ROOT, '--outDir', work, '--noCheck'], {
        cwd: PROJECT_ROOT,
        timeoutSeconds: 300,
        log: 'tsc',
        remedy: 'Run "make test": it shows what does not compile.',
      });
      for (const folder of COMPILED) {
        await cp(path.join(PROJECT_ROOT, folder), path.join(target, folder), {
          recursive: true,
          filter: (file) => !file.endsWith('.ts'),
        });
        await cp(path.join(work, folder), path.join(target, folder), { recursive: true });
      }
      await removeFiles(target, (name) => OWN_TEST.test(name));
      await rm(work, { recursive: true });
    },
  };
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
