import { readFileSync } from 'node:fs';
import path from 'node:path';
import { COMPONENTS } from '@backendai-e2e/api/components';
import { readCatalog } from '@backendai-e2e/cli/catalog/catalog';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { InvalidList } from '@backendai-e2e/suites/lists/files';
import { expect } from 'chai';
import { ONE_DEFECT as ENTRY } from './defect-fixtures.ts';
import { KINDS, parseDefects, readDefects } from './defect-list.ts';
import { DEFECTS_PAGE, defectsPage } from './defects-page.ts';
import { readRecord } from './record.ts';

describe('the list of defects', () => {
  it('is read with its ways, and a text stands once unless the row says otherwise', () => {
    const [defect] = parseDefects(ENTRY);
    expect(defect?.says.test('The Truth: …')).to.equal(true);
    expect(defect?.way).to.deep.equal({
      by: 'change',
      change: {
        name: 'manager-lies',
        module: 'ai.backend.manager.truth',
        replace: 'return True',
        with: 'return False',
        times: 1,
      },
    });
    const change = /module[\s\S]*False/;
    expect(parseDefects(ENTRY.replace(change, 'setting: { name: A, value: b }'))[0]?.way).to.deep.equal({
      by: 'setting',
      name: 'A',
      value: 'b',
    });
    expect(parseDefects(ENTRY.replace(change, 'withhold: s3'))[0]?.way).to.deep.equal({
      by: 'withheld',
      host: 's3',
    });
  });

  for (const [what, from, to, says] of [
    ['a field that does not exist', 'wrong: It', 'wring: 1\n    wrong: It', 'defects[0].wring'],
    ['an unknown component', 'component: manager', 'component: boss', 'defects[0].component'],
    ['an unknown kind', 'kind: false answer', 'kind: joke', 'defects[0].kind'],
    ['a module outside of Backend.AI', 'ai.backend.manager.truth', 'os', 'defects[0].module'],
    ['two ways', 'suites: [a-b]', 'withhold: s3\n    suites: [a-b]', 'must have one of'],
    ['no new text', '    with: return False\n', '', 'needs replace and with'],
    ['the same text', 'return False', 'return True', 'the same text'],
    ['no suite', '[a-b]', '[]', 'defects[0].suites'],
    ['an invalid pattern', 'says: truth', "says: '('", 'not a regular expression'],
  ] as const) {
    it(`is refused with ${what}, and the error names the place`, () => {
      expect(() => parseDefects(ENTRY.replace(from, to))).to.throw(InvalidList, says);
    });
  }

  it('is refused with two defects of one name', () => {
    const twice = ENTRY + ENTRY.slice(ENTRY.indexOf('  - name'));
    expect(() => parseDefects(twice)).to.throw(InvalidList, 'another defect has this name');
  });
});

describe('suites/defects', () => {
  const defects = readDefects();

  it('has at least sixty defects, in every component and of every kind', () => {
    expect(defects).to.have.lengthOf.at.least(60);
    expect([...new Set(defects.map(({ component }) => component))]).to.have.members([...COMPONENTS]);
    expect([...new Set(defects.map(({ kind }) => kind))]).to.have.members([...KINDS]);
  });

  it('is shown on its page with its results: run "make docs" after a change', async () => {
    expect(readFileSync(path.join(PROJECT_ROOT, DEFECTS_PAGE), 'utf8')).to.equal(
      defectsPage(defects, await readRecord()),
    );
  });

  it('names suites that exist', async () => {
    const names = (await readCatalog(PROJECT_ROOT)).map(({ name }) => name);
    expect(names).to.include.members([...new Set(defects.flatMap(({ suites }) => suites))]);
  });
});
