import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Bundle } from './bundle.ts';
import type { PageData } from './model/data/page-data.ts';

/**
 * The whole page in one text. It loads nothing: the policy in it allows this script and this style by their hashes, and
 * nothing else. Data lies in Base64, which holds no character that ends a block.
 * @param logs texts of the logs, by the id of their block
 */
export function pageHtml(data: PageData, logs: ReadonlyMap<string, string>, bundle: Bundle): string {
  const { script, style } = bundle;
  const policy = policyOf(data, bundle);
  const { html, brief } = drawnWithin(MOST_BYTES - FRAME_BYTES - programBytes(bundle), data, bundle);
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escaped(`${data.name}: ${data.verdict ?? 'no verdict'}`)}</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    `<div id="page"${brief ? ' data-brief' : ''}>${html}</div>`,
    block('data', JSON.stringify(data)),
    ...[...logs].map(([id, text]) => block(id, text)),
    `<script>${script}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/** Bytes of a page besides its compressed data: program, style, and what a reader without scripts sees. */
const MOST_BYTES = 600_000;
/** Of these, for the head of the file and the tags around its blocks. */
const FRAME_BYTES = 8_000;

/** Bytes of the program and the style, which are the same in every page. */
export function programBytes({ script, style }: Pick<Bundle, 'script' | 'style'>): number {
  return Buffer.byteLength(script) + Buffer.byteLength(style);
}

/** The page as HTML. If it has no room, passed tests are left to the script, which has all data. */
function drawnWithin(bytes: number, data: PageData, bundle: Bundle): { html: string; brief: boolean } {
  const html = bundle.draw(data);
  if (Buffer.byteLength(html) <= bytes) return { html, brief: false };
  return { html: bundle.draw(withoutPassed(data)), brief: true };
}

function withoutPassed(data: PageData): PageData {
  const suites = data.suites.map((suite) => {
    const tests = suite.tests.filter(({ state }) => state !== 'passed');
    return { ...suite, tests, hooks: [], leftOut: suite.tests.length - tests.length };
  });
  return { ...data, suites };
}

/** The policy of a page. A live one may also ask the server that it came from, and no other. */
export function policyOf({ live }: Pick<PageData, 'live'>, { script, style }: Bundle): string {
  return [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    ...(live ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

/** Bytes of the blocks of data in a page. */
export function dataBytesIn(html: string): number {
  return [...html.matchAll(BLOCKS)].reduce((sum, [, data = '']) => sum + data.length, 0);
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

const BLOCKS = /<script type="application\/gzip" id="[^"]*">([^<]*)</g;

/** A block of data. A browser does not execute a script of an unknown type. */
function block(id: string, text: string): string {
  return `<script type="application/gzip" id="${id}">${gzipSync(text, { level: 9 }).toString('base64')}</script>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (found) => ENTITIES[found] ?? '');
}
