import path from 'node:path';
import { expect } from 'chai';
import { PROJECT_ROOT } from '../machine/provision.ts';
import { lineOf, placesIn } from './test-places.ts';

const SOURCE = `import x from 'y';

describe('folders', () => {
  it('can be renamed', () => {});
  describe("a user's folder", () => {
    it('can be renamed', () => {});
    it('isn\\'t lost', () => {});
    for (const n of [1]) it(\`holds \${n} files\`, () => {});
  });
});
`;

describe('the line of a test', () => {
  for (const [title, line] of [
    ['folders › can be renamed', 4],
    ["folders › a user's folder › can be renamed", 6],
    ["folders › a user's folder › isn't lost", 7],
    ["folders › a user's folder › holds 1 files", 5],
    ['folders › gone', 3],
    ['elsewhere', undefined],
  ] as const) {
    it(`is ${line} for "${title}"`, () => {
      expect(lineOf(SOURCE, title)).to.equal(line);
    });
  }
});

describe('the place of a test', () => {
  const suites = path.join(PROJECT_ROOT, 'suites');

  it('is relative to the repository, also where the project is a folder of it', () => {
    const test = { file: 'bench/one-test', title: 'x' };
    expect(placesIn(suites, PROJECT_ROOT)(test)).to.deep.equal({ file: 'suites/bench/one-test.ts' });
    const above = placesIn(suites, path.dirname(PROJECT_ROOT))(test);
    expect(above?.file).to.equal(path.join(path.basename(PROJECT_ROOT), 'suites/bench/one-test.ts'));
    expect(placesIn(suites, path.join(suites, 'audit'))(test)).to.equal(undefined);
  });

  it('is unknown for a file that is not here, or that is no suite file', () => {
    for (const file of ['area/none', '../cli/main', '/etc/passwd', 'a/../../cli/main', '']) {
      expect(placesIn(suites, PROJECT_ROOT)({ file, title: 'x' }), file).to.equal(undefined);
    }
  });
});
