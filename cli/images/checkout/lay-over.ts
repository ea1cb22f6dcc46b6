import { access, cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SOURCES } from '../../backend-ai/checkout.ts';
import { command } from '../../machine/command.ts';
import { unlessMissing } from '../../machine/optional-file.ts';
import { PROJECT_ROOT, type Provision } from '../../machine/provision.ts';
import { contentKey, pathParts } from '../content-key.ts';
import { compiledName, type Installed, type LaidChanges, laidChanges } from './laid-changes.ts';

/** A checkout, and the packages that it lies over. */
export interface Laying {
  /** Folder of the checkout. */
  folder: string;
  /** Hash of each of its sources, by its path below src/ai/backend. */
  sources: Readonly<Record<string, string>>;
  /** What its VERSION says. */
  version: string;
  /** Its commit and state, as images/backend-ai/record.py reads them. */
  state: string;
  /** Content key of the image with the packages. */
  base: string;
  /** That image, built if need be. It is not needed where everything was compiled before. */
  image(): Promise<string>;
}

/** Seconds to read what packages hold, or to compile a checkout. */
const CONTAINER_SECONDS = 300;
const PACKAGES = '/opt/bai/lib/python3.13/site-packages/ai/backend';
const RECORD = '/opt/bai/release.json';
const PROGRAMS = path.join(PROJECT_ROOT, 'images/checkout');
/** In the container: compiles what came in, and gives it back with the record of what is installed. */
const COMPILE = [
  'mkdir -p /build/out',
  'tar --extract --directory /build',
  `python /build/compile.py /build/sources ${PACKAGES} /build/out/compiled`,
  'python /opt/bai/record.py /build/source.json',
  `cp ${RECORD} /build/out/`,
  'exec tar --create --directory /build/out .',
].join(' && ');
/** Bash: folder $1 goes into image $3, the steps $4 run there, and folder $2 gets the result. */
const IN_CONTAINER =
  'tar --create --directory "$1" . | docker run --rm --interactive --network=none --user=0:0 "$3" sh -euc "$4" | tar --extract --no-same-owner --directory "$2"';

/**
 * Makes the layer that lays a checkout over packages: a tar of what differs from them. What was compiled before comes from the cache,
 * so an edit compiles the files that it touches.
 * @throws CommandError with the output of compile.py, which names a module that Python cannot compile
 */
export async function layOver(laying: Laying, p: Provision): Promise<Buffer> {
  const cache = path.join(p.cacheDir, 'backend-ai', 'compiled', laying.base);
  await mkdir(cache, { recursive: true });
  const changes = laidChanges(laying.sources, await installedIn(laying, cache, p));
  await mkdir(path.join(p.cacheDir, 'contexts'), { recursive: true });
  const work = await mkdtemp(path.join(p.cacheDir, 'contexts', 'laid-'));
  try {
    const compiled = await compile(laying, changes, { cache, work }, p);
    return await layerOf(laying, changes, compiled, work, p);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** What the packages hold. Read once for each image. */
async function installedIn({ image }: Laying, cache: string, p: Provision): Promise<Installed> {
  const file = path.join(cache, 'installed.json');
  const known = await unlessMissing(readFile(file, 'utf8'));
  if (known !== undefined) return JSON.parse(known) as Installed;
  const program = await readFile(path.join(PROGRAMS, 'installed.py'), 'utf8');
  const run = ['run', '--rm', '--network=none', '--user=0:0', '--entrypoint', 'python', await image()];
  const text = await command(p, 'docker', [...run, '-c', program, PACKAGES], {
    timeoutSeconds: CONTAINER_SECONDS,
  });
  const installed = JSON.parse(text) as Installed;
  await put(file, text);
  return installed;
}

/** Files that the steps in the container made. */
interface Compiled {
  /** By the path of the module. */
  modules: Map<string, string>;
  record: string;
}

/** Compiles what the cache lacks, and keeps it there. */
async function compile(
  laying: Laying,
  { copied }: LaidChanges,
  { cache, work }: { cache: string; work: string },
  p: Provision,
): Promise<Compiled> {
  const { folder, sources, version, state } = laying;
  const record = path.join(cache, `${contentKey({ version, state })}.json`);
  const modules = new Map(
    copied
      .filter((name) => name.endsWith('.py'))
      .map((name) => [name, path.join(cache, compiledKey(name, sources))]),
  );
  const lacking: string[] = [];
  for (const [name, file] of modules) if (!(await isThere(file))) lacking.push(name);
  if (lacking.length === 0 && (await isThere(record))) return { modules, record };
  const [input, output] = [path.join(work, 'input'), path.join(work, 'output')];
  await mkdir(output);
  const versions = copied.filter((name) => path.basename(name) === 'VERSION');
  await copyAll([...lacking, ...versions], path.join(folder, SOURCES), path.join(input, 'sources'));
  await mkdir(path.join(input, 'sources'), { recursive: true });
  await cp(path.join(PROGRAMS, 'compile.py'), path.join(input, 'compile.py'));
  await writeFile(path.join(input, 'source.json'), state);
  const args = ['-o', 'pipefail', '-c', IN_CONTAINER, 'bash', input, output, await laying.image(), COMPILE];
  await command(p, 'bash', args, { timeoutSeconds: CONTAINER_SECONDS, log: 'lay-over' });
  const went = await pathParts(path.join(input, 'sources'));
  for (const name of lacking) {
    const made = path.join(output, 'compiled', name.replace(/\.py$/, '.pyc'));
    // It was saved since it was hashed. The next build looks for it under another name.
    if (went[name] !== sources[name]) modules.set(name, made);
    else await rename(made, path.join(cache, compiledKey(name, sources)));
  }
  await rename(path.join(output, path.basename(RECORD)), record);
  return { modules, record };
}

/** A tar of the files alone, owned by root and without times: equal sources, equal layer. */
async function layerOf(
  { folder }: Laying,
  { copied, removed }: LaidChanges,
  { modules, record }: Compiled,
  work: string,
  p: Provision,
): Promise<Buffer> {
  const root = path.join(work, 'root');
  const packages = path.join(root, PACKAGES);
  await copyAll(copied, path.join(folder, SOURCES), packages);
  for (const [name, file] of modules) {
    const target = path.join(packages, compiledName(name));
    await mkdir(path.dirname(target), { recursive: true });
    await cp(file, target);
  }
  for (const name of removed) {
    // https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#whiteouts
    const target = path.join(packages, path.dirname(name), `.wh.${path.basename(name)}`);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, '');
  }
  await mkdir(path.dirname(path.join(root, RECORD)), { recursive: true });
  await cp(record, path.join(root, RECORD));
  const layer = path.join(work, 'layer.tar');
  const plain = ['--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--mode=u=rw,go=r'];
  // Without folders: an entry for one would change its owner.
  const list =
    'cd "$1" && file=$2 && shift 2 && find . -type f -printf "%P\\n" | LC_ALL=C sort | tar --create --file "$file" "$@" --verbatim-files-from --files-from -';
  await command(p, 'bash', ['-o', 'pipefail', '-c', list, 'bash', root, layer, ...plain]);
  return readFile(layer);
}

/** Name in the cache: a compiled module records where it lies. */
function compiledKey(name: string, sources: Readonly<Record<string, string>>): string {
  return `${contentKey({ name, hash: sources[name] ?? '' })}.pyc`;
}

/** Copies files from one folder to another. A link, such as those to the one VERSION, becomes what it points to. */
async function copyAll(names: readonly string[], from: string, to: string): Promise<void> {
  for (const name of names) {
    const target = path.join(to, name);
    await mkdir(path.dirname(target), { recursive: true });
    // A link that points nowhere is left out.
    await unlessMissing(cp(path.join(from, name), target, { dereference: true }));
  }
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** Whole or not at all: an interrupted command must not leave half a file. */
async function put(file: string, text: string): Promise<void> {
  await writeFile(`${file}.${process.pid}`, text);
  await rename(`${file}.${process.pid}`, file);
}
