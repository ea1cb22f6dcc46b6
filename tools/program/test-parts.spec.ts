import { existsSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { expect } from 'chai';
import { longestFirst } from './test.ts';
import { PARTS, type Part } from './test-parts.ts';

describe('the parts of make test', () => {
  it('begin with the files that take longest, and leave none out', () => {
    const files = ['c.ts', 'a.ts', 'd.ts', 'b.ts'];
    expect(longestFirst(files, ['d.ts', 'gone.ts', 'b.ts'])).to.deep.equal(['d.ts', 'b.ts', 'a.ts', 'c.ts']);
  });

  it('name long files that exist', () => {
    const parts: Part[] = Object.values(PARTS).flat();
    const named = parts.flatMap(({ longest = [] }) => longest);
    expect(named.filter((file) => !existsSync(path.join(PROJECT_ROOT, file)))).to.deep.equal([]);
    expect(named).not.to.have.length(0);
  });
});
