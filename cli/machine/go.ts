import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { command, commandWithRetry, tryCommand } from './command.ts';
import { type Provision, ProvisionError } from './provision.ts';
import { ldflags, type Recipe, throwAwayModule } from './tool-recipes.ts';
import { VERSIONS } from './versions.ts';

/** Twice the slowest build seen (Kubernetes, 7.5 min on 2 idle cores), and again twice for a busy machine. */
const BUILD_SECONDS = 1_800;

/** Settings under which every tool is built: static, without the paths of this machine, whatever the user's own settings. */
const GO_ENV = { CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off', GO111MODULE: 'on' };

/** Version of the Go on PATH such as "1.26.8", or undefined where there is none. */
export async function goVersion(p: Provision): Promise<string | undefined> {
  return (
    (await tryCommand(p, 'go', ['env', 'GOVERSION'], { cwd: '/' }))?.trim().replace(/^go/, '') || undefined
  );
}

/** @throws ProvisionError where there is no Go that can build the tools */
async function requireGo(p: Provision, what: string): Promise<void> {
  const version = await goVersion(p);
  if (version !== undefined && !isOlder(version, VERSIONS.goMinimum)) return;
  throw new ProvisionError(
    `${what} is not on this machine at a usable version, and ${version ? `Go ${version} is too old` : 'there is no Go'} to build it.`,
    `Install Go ${VERSIONS.goMinimum} or newer (https://go.dev/doc/install), or ${what} itself, then run this again.`,
  );
}

/** Whether version a is older than b. Both look like "1.2.3" or "v1.2.3"; a suffix after "-" or "+" does not count. */
export function isOlder(a: string, b: string): boolean {
  const numbers = (version: string): number[] =>
    (version.replace(/^v/, '').split(/[-+]/)[0] ?? '')
      .split('.')
      .map((part) => Number.parseInt(part, 10) || 0);
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/**
 * Builds commands that share a version and a folder and moves them into the cache, each under its name.
 * Half-built files never appear there: they are made in a folder beside it and renamed.
 * @param recipes name of the binary → its recipe; all with one module and version
 */
export async function goBuild(p: Provision, folder: string, recipes: Record<string, Recipe>): Promise<void> {
  const names = Object.keys(recipes);
  const first = Object.values(recipes)[0];
  if (first === undefined) return;
  await requireGo(p, names.join(', '));
  const tools = path.dirname(folder);
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(path.join(tools, '.building-'));
  const started = Date.now();
  p.log(`building ${names.join(', ')} ${first.version} with Go (about ${first.seconds} s with cold caches)`);
  try {
    const bin = path.join(work, 'bin');
    await mkdir(bin);
    if (first.module === undefined) {
      await goInstall(p, first, bin, names[0] ?? '');
    } else {
      await writeModule(p, work, first.module, Object.values(recipes));
      await commandWithRetry(
        p,
        'go',
        [
          'build',
          '-trimpath',
          '-ldflags',
          ldflags(first),
          '-o',
          `${bin}/`,
          ...Object.values(recipes).map((r) => r.package),
        ],
        {
          cwd: work,
          env: GO_ENV,
          timeoutSeconds: BUILD_SECONDS,
          log: `go-build-${names[0]}`,
          onLine: onGoLine(p),
        },
      );
    }
    for (const [name, recipe] of Object.entries(recipes)) {
      await rename(path.join(bin, builtName(recipe.package)), path.join(folder, name));
    }
    p.log(`built ${names.join(', ')} ${first.version} in ${Math.round((Date.now() - started) / 1_000)} s`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function goInstall(p: Provision, recipe: Recipe, bin: string, name: string): Promise<void> {
  await commandWithRetry(
    p,
    'go',
    ['install', '-trimpath', '-ldflags', ldflags(recipe), `${recipe.package}@${recipe.version}`],
    {
      cwd: '/',
      env: { ...GO_ENV, GOBIN: bin },
      timeoutSeconds: BUILD_SECONDS,
      log: `go-install-${name}`,
      onLine: onGoLine(p),
    },
  );
}

async function writeModule(p: Provision, work: string, module: string, recipes: Recipe[]): Promise<void> {
  const version = recipes[0]?.version ?? '';
  const upstream = await readFile(path.join(await moduleFolder(p, module, version), 'go.mod'), 'utf8');
  await writeFile(path.join(work, 'go.mod'), throwAwayModule(module, version, upstream));
  await writeFile(
    path.join(work, 'commands.go'),
    `package build\n\nimport (\n${recipes.map((recipe) => `\t_ "${recipe.package}"\n`).join('')})\n`,
  );
  await commandWithRetry(p, 'go', ['mod', 'tidy', '-e'], {
    cwd: work,
    env: GO_ENV,
    timeoutSeconds: BUILD_SECONDS,
    log: `go-tidy-${path.basename(module)}`,
    onLine: onGoLine(p),
  });
}

/** Downloads a module into Go's module cache and returns its folder there (read-only files). */
export async function moduleFolder(p: Provision, module: string, version: string): Promise<string> {
  await requireGo(p, module);
  const out = await commandWithRetry(p, 'go', ['mod', 'download', '-json', `${module}@${version}`], {
    cwd: '/',
    env: GO_ENV,
    timeoutSeconds: 600,
  });
  const answer: unknown = JSON.parse(out);
  if (typeof answer === 'object' && answer !== null && 'Dir' in answer && typeof answer.Dir === 'string') {
    return answer.Dir;
  }
  throw new ProvisionError(
    `go mod download ${module}@${version} named no folder.`,
    'Run "go clean -modcache", then this again.',
  );
}

/** Compiles one self-contained Go file (standard library only) to `target`. */
export async function goCompileFile(p: Provision, source: string, target: string): Promise<void> {
  await requireGo(p, path.basename(source));
  await command(p, 'go', ['build', '-trimpath', '-ldflags', '-s -w', '-o', target, source], {
    cwd: path.dirname(source),
    env: GO_ENV,
    timeoutSeconds: 300,
    log: `go-build-${path.basename(target)}`,
  });
}

/** Go writes its binary under the last element of the import path that is no major version. */
export function builtName(importPath: string): string {
  const parts = importPath.split('/');
  if (/^v\d+$/.test(parts.at(-1) ?? '')) parts.pop();
  return parts.at(-1) ?? importPath;
}

/** Passes on one line in a hundred of "go: downloading …", and every other line. */
function onGoLine(p: Provision): (line: string) => void {
  let downloads = 0;
  return (line) => {
    if (!/^go: (downloading|finding|found|extracting)/.test(line)) {
      if (line.trim() !== '') p.log(`go: ${line.replace(/^go: /, '')}`);
      return;
    }
    downloads += 1;
    if (downloads % 100 === 0) p.log(`go: ${downloads} modules downloaded`);
  };
}
