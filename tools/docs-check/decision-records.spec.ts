import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { expect } from 'chai';

const FOLDER = path.join(PROJECT_ROOT, 'docs/adr');
/** Number, file, title, date and status of a line of the index. */
const LINE = /^\| \[(\d+)\]\(([^)]+)\) \| (.+) \| (\d{4}-\d\d-\d\d) \| (.+) \|$/gm;

describe('the index of the decision records', () => {
  const files = globSync('[0-9]*.md', { cwd: FOLDER }).sort();
  const index = [...readFileSync(path.join(FOLDER, 'README.md'), 'utf8').matchAll(LINE)];

  it('lists every record once, in the order of their numbers', () => {
    expect(index.map(([, , file]) => file)).to.deep.equal(files);
    expect(index.map(([, number]) => Number(number))).to.deep.equal(files.map((_, at) => at + 1));
  });

  for (const [, number = '', file = '', title, date, status = ''] of index) {
    it(`says what record ${number} says`, () => {
      const text = readFileSync(path.join(FOLDER, file), 'utf8');
      expect(file).to.match(new RegExp(`^0*${number}-`));
      expect(text).to.match(/^# .*\n\nDate: .*\\\nStatus: .*\n\n## Context\n/);
      expect(/^# (.*)$/m.exec(text)?.[1]).to.equal(`${number}. ${title}`);
      expect(/^Date: (.*)\\$/m.exec(text)?.[1]).to.equal(date);
      const own = /^Status: (.*)$/m.exec(text)?.[1]?.replace(/\[(\d+)\]\([^)]*\)/g, '$1') ?? '';
      expect(own.split(';')[0]).to.equal(status);
    });
  }

  it('has a record that says so for each one that is superseded', () => {
    for (const [, number = '', , , , status = ''] of index) {
      const by = /^superseded by (\d+)$/.exec(status)?.[1];
      if (by === undefined) continue;
      const later = readFileSync(path.join(FOLDER, files[Number(by) - 1] ?? ''), 'utf8');
      expect(later).to.match(new RegExp(`^Status: accepted; supersedes \\[${number}\\]`, 'm'));
    }
  });
});
