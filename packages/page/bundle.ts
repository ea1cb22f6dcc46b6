import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PageData } from './model/data/page-data.ts';

/** The parts of the page that are the same for every run. */
export interface Bundle {
  script: string;
  style: string;
  /** Draws the page as HTML, as the browser would at first. */
  draw(data: PageData): string;
}

const HERE = import.meta.dirname;
const PARTS = ['script.js', 'style.css', 'draw.mjs'] as const;

/**
 * The bundle of the sources as they are, from the cache or built now, which takes less than a second.
 * @param cacheDir folder that keeps what is expensive to make
 */
export async function bundleOf(cacheDir: string): Promise<Bundle> {
  const folder = path.join(cacheDir, 'page', await contentKey());
  const read = () => Promise.all(PARTS.map((part) => readFile(path.join(folder, part), 'utf8')));
  const [script = '', style = ''] = await read().catch(async () => {
    await build(folder);
    return read();
  });
  const drawing: { draw(data: PageData): string } = await import(
    pathToFileURL(path.join(folder, PARTS[2])).href
  );
  return { script, style, draw: drawing.draw };
}

/** Builds into a folder of its own, then renames it: another process may build the same. */
async function build(folder: string): Promise<void> {
  // Loaded here: a page from the cache needs no compiler.
  const esbuild = await import('esbuild');
  const work = `${folder}.${process.pid}`;
  const shared = {
    bundle: true,
    minify: true,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    charset: 'utf8',
  } as const;
  const browser = path.join(HERE, 'browser');
  await esbuild.build({
    ...shared,
    entryPoints: { script: path.join(browser, 'main.tsx') },
    format: 'iife',
    target: ['chrome109', 'firefox115', 'safari16.4'],
    outdir: work,
  });
  await esbuild.build({
    ...shared,
    entryPoints: { draw: path.join(browser, 'draw.tsx') },
    format: 'esm',
    platform: 'node',
    outExtension: { '.js': '.mjs' },
    outdir: work,
  });
  await esbuild.build({
    entryPoints: { style: path.join(browser, 'styles/page.css') },
    bundle: true,
    minify: true,
    outdir: work,
  });
  await mkdir(path.dirname(folder), { recursive: true });
  await rm(folder, { recursive: true, force: true });
  await rename(work, folder).catch(async (error: unknown) => {
    await rm(work, { recursive: true, force: true });
    // Another process was faster. Its bundle is of the same content.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOTEMPTY')) throw error;
  });
}

/** SHA-256 of every source of the page, and of the versions of the packages in it. */
async function contentKey(): Promise<string> {
  const hash = createHash('sha256');
  const files = (await readdir(HERE, { recursive: true })).filter(
    (file) => /\.(tsx?|css)$|^package\.json$/.test(file) && !/node_modules|\.spec\./.test(file),
  );
  for (const file of files.sort()) {
    hash.update(`${file}\n`).update(await readFile(path.join(HERE, file)));
  }
  for (const shared of ['results', 'api']) {
    const folder = path.join(HERE, '..', shared);
    const sources = (await readdir(folder, { recursive: true })).filter((file) =>
      /(?<!\.spec)\.ts$/.test(file),
    );
    for (const file of sources.filter((each) => !each.includes('node_modules')).sort()) {
      hash.update(`${shared}/${file}\n`).update(await readFile(path.join(folder, file)));
    }
  }
  return hash.digest('hex').slice(0, 24);
}

/** Writes a text into a file beside its final name, then renames it: a reader never sees half a page. */
export async function writeWhole(file: string, text: string): Promise<void> {
  const work = `${file}.${process.pid}`;
  await writeFile(work, text);
  await rename(work, file);
}
