import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { expect } from 'chai';
import { undocumented } from './docstrings.ts';
import { SOURCES, TESTS } from './words-files.ts';

describe('docstrings', () => {
  it('are missed at exports alone, and at no type that renames a constant or a schema', () => {
    const source = [
      'const one = 1;',
      'export function bare() {}',
      '/** Says it. */',
      'export async function said() {}',
      '/** Of another line. */',
      '',
      'export class Apart {}',
      'function own() {}',
      'export interface Shape {',
      'interface Inner {',
      'export type Word = string;',
      'export type Kind = (typeof KINDS)[number];',
      'export type Report = Static<typeof schemas.Report>;',
      'export type { Elsewhere } from "./elsewhere.ts";',
    ].join('\n');
    expect(undocumented(source)).to.deep.equal([
      { line: 2, name: 'bare' },
      { line: 7, name: 'Apart' },
      { line: 9, name: 'Shape' },
      { line: 11, name: 'Word' },
    ]);
  });

  it('say of every exported function, class, interface and type what it is for', () => {
    const options = { cwd: PROJECT_ROOT, exclude: (name: string) => name.includes('node_modules') };
    const missing = globSync(SOURCES, options)
      .filter((file) => !TESTS.test(file))
      .flatMap((file) =>
        undocumented(readFileSync(path.join(PROJECT_ROOT, file), 'utf8')).map(
          ({ line, name }) => `${file}:${line} ${name}`,
        ),
      );
    expect(missing).to.deep.equal([]);
  });
});
