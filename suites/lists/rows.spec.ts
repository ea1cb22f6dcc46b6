import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { Type } from 'typebox';
import { InvalidList } from './files.ts';
import { patternOf, readRows, Text } from './rows.ts';

const Row = Type.Object({ name: Text }, { additionalProperties: false });
const ROWS = { key: 'rows', row: Row };

describe('a list in several files', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'lists-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const write = (file: string, text: string) => writeFile(path.join(folder, file), text);

  it('has the rows of all of them, in the order of their names', async () => {
    await write('b.yaml', 'rows: [{ name: third }]');
    await write('a.yaml', 'rows: [{ name: first }, { name: second }]');
    await write('notes.txt', 'no list');
    expect(readRows(ROWS, folder)).to.deep.equal([{ name: 'first' }, { name: 'second' }, { name: 'third' }]);
  });

  for (const [what, text, says] of [
    ['a field that does not exist', 'rows: [{ name: a, nam: b }]', 'rows[0].nam: there is no such field'],
    ['a blank text', "rows: [{ name: ' ' }]", 'rows[0].name: must be a text, not " "'],
    ['a field left out', 'rows: [{}]', 'rows[0]: must have required properties name'],
    ['no rows', 'rows: []', 'rows: must be a list with at least one entry, not []'],
    ['another field', 'rows: [{ name: a }]\nothers: []', 'others: there is no such field'],
    ['no text at all', '', 'the document: must be object'],
    ['a text that is not YAML', 'rows: [', 'is not YAML: '],
  ] as const) {
    it(`is refused with ${what}, and the error names file and place`, async () => {
      await write('a.yaml', text);
      expect(() => readRows(ROWS, folder)).to.throw(InvalidList, `${path.basename(folder)}/a.yaml: ${says}`);
    });
  }

  it('is refused with a row that breaks a rule of its list, and the error names the row', async () => {
    await write('a.yaml', 'rows: [{ name: good }, { name: bad }]');
    const strict = {
      ...ROWS,
      mistake: ({ name }: { name: string }) => (name === 'bad' ? 'is bad' : undefined),
    };
    expect(() => readRows(strict, folder)).to.throw(InvalidList, 'a.yaml: rows[1]: is bad');
  });

  it('is refused with a short part of a long wrong value', async () => {
    await write('a.yaml', `rows: [{ name: [${'long, '.repeat(100)}] }]`);
    expect(() => readRows(ROWS, folder)).to.throw(
      InvalidList,
      /must be a text, not \["long","long".{10,60}…$/,
    );
  });

  it('may be one file', async () => {
    await write('a.yaml', 'rows: [{ name: first }]');
    expect(readRows(ROWS, path.join(folder, 'a.yaml'))).to.deep.equal([{ name: 'first' }]);
  });

  it('is refused with an invalid pattern', () => {
    expect(() => patternOf('rows[0].says', '(')).to.throw(
      InvalidList,
      'rows[0].says: is not a regular expression',
    );
  });
});
