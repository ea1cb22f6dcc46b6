import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { expect } from 'chai';
import { guideCommands, keyOfLine, strays } from './guide-lines.ts';
import { EXIT_CODES, OF_THE_SHELL, RUN_ELSEWHERE } from './guide-runs.ts';

describe('commands of the guides that the test of the guides leaves to others', () => {
  for (const [line, { file, shows }] of Object.entries(RUN_ELSEWHERE)) {
    it(`${line}: ${file}`, () => {
      expect(readFileSync(path.join(PROJECT_ROOT, file), 'utf8')).to.include(shows);
    });
  }

  it('cover every command of every guide', async () => {
    const commands = await guideCommands();
    expect(commands.length).to.be.greaterThan(40);
    expect(strays(commands)).to.deep.equal([]);
    const unknown = { file: '', line: 1, text: '', words: ['make', 'e2e-kind', 'KEEP=1'] };
    expect(strays([unknown])).to.deep.equal(['make e2e-kind KEEP=1']);
  });

  it('stand in a guide, and so do those with an exit code of their own', async () => {
    const there = new Set((await guideCommands()).map(keyOfLine));
    const named = [...Object.keys(RUN_ELSEWHERE), ...Object.keys(EXIT_CODES), ...OF_THE_SHELL];
    expect(named.filter((line) => !there.has(line))).to.deep.equal([]);
  });
});
