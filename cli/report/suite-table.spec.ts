import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { readCatalog } from '../catalog/catalog.ts';
import { PROJECT_ROOT } from '../machine/provision.ts';
import { secondsIn, suiteTable, withSuiteTable } from './suite-table.ts';

const entry = { name: 'storage-a', area: 'storage', description: 'Keeps | bytes.', files: ['storage/a'] };

describe('the table of suites', () => {
  it('says what each proves, how much it is, and how long it takes', () => {
    const table = suiteTable(
      [{ ...entry, slow: true }],
      new Map([['storage-a', { tests: 3, seconds: 41.6 }]]),
    );
    expect(table.split('\n').at(-1)).to.equal('| `storage-a` | Keeps \\| bytes. | 3 | 42 | slow |');
    expect(secondsIn(table)).to.deep.equal(new Map([['storage-a', 42]]));
  });

  it('takes its place in a text and leaves the rest', () => {
    const readme = readFileSync(path.join(PROJECT_ROOT, 'README.md'), 'utf8');
    const changed = withSuiteTable(readme, 'new table');
    expect(changed).to.include('\nnew table\n');
    expect(withSuiteTable(changed, 'other')).to.equal(withSuiteTable(readme, 'other'));
    expect(() => withSuiteTable('nothing', 'table')).to.throw('has no lines');
  });

  it('is the present one in the README ("./e2e suites --readme" writes it)', async function () {
    this.timeout(60_000);
    const readme = readFileSync(path.join(PROJECT_ROOT, 'README.md'), 'utf8');
    const cli = path.join(PROJECT_ROOT, 'cli', 'main.ts');
    const fresh = execFileSync(process.execPath, [cli, 'suites', '--table'], { encoding: 'utf8' });
    expect(fresh.trim().split('\n')).to.have.length((await readCatalog(PROJECT_ROOT)).length + 2);
    // The seconds are those of whoever ran it last.
    const withoutSeconds = (text: string) => text.replace(/\| (\d+) \| (\d+|–) \|/g, '| $1 |');
    expect(withoutSeconds(readme)).to.include(withoutSeconds(fresh.trim()));
  });
});
