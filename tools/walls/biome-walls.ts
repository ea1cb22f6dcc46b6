import { readFileSync, writeFileSync } from 'node:fs';
import { posix } from 'node:path';
import { WALLS, type Wall } from './walls.ts';

/** The generated configuration, which biome.json extends. */
export const WALLS_FILE = new URL('../../biome.walls.json', import.meta.url);

/** The workspace of a folder: "packages/api" of packages/api/schemas, "operator" of operator/runs. */
function workspaceOf(folder: string): string {
  return folder
    .split('/')
    .slice(0, folder.startsWith('packages/') ? 2 : 1)
    .join('/');
}

/** The pattern of imports that a folder uses for another folder: a relative path or a package name. */
function patternOf(from: string, to: string): string {
  if (workspaceOf(from) !== workspaceOf(to)) {
    return `@backendai-e2e/${to.replace(/^packages\//, '')}/**`;
  }
  const relative = posix.relative(from, to);
  // Of the folder above its own, a folder imports files only, and none of the folders beside it.
  const depth = to === workspaceOf(to) || from.startsWith(`${to}/`) ? '*' : '**';
  return `${relative.startsWith('.') ? relative : `./${relative}`}/${depth}`;
}

/** An override of Biome. It allows a folder only imports of its own files and of the entries of its row. */
function overrideOf([folder, imports]: Wall): object {
  const group = ['@backendai-e2e/**', '../**', './*/**', ...imports.map((to) => `!${patternOf(folder, to)}`)];
  const message = `${folder} imports only ${imports.join(', ') || 'its own files'}. See tools/walls/walls.ts.`;
  const options = { patterns: [{ group, message }] };
  return {
    includes: [`${folder}/*.ts`, `${folder}/*.tsx`, `${folder}/*.mjs`],
    linter: { rules: { style: { noRestrictedImports: { level: 'error', options } } } },
  };
}

/** The text of biome.walls.json: one override a line. */
export function biomeWalls(walls: readonly Wall[] = WALLS): string {
  const lines = walls.map((wall) => `    ${JSON.stringify(overrideOf(wall))}`);
  return `{\n  "overrides": [\n${lines.join(',\n')}\n  ]\n}\n`;
}

/** Writes biome.walls.json, and prints whether it changed. */
export function wallsCommand(): number {
  const text = biomeWalls();
  const changed = readFileSync(WALLS_FILE, 'utf8') !== text;
  if (changed) writeFileSync(WALLS_FILE, text);
  console.log(changed ? 'biome.walls.json is written' : 'biome.walls.json is current');
  return 0;
}
