import { expect } from 'chai';
import { parseCatalog } from './catalog.ts';
import { catalogText, entryOf, InvalidSuiteFile } from './suite-files.ts';

const TEXT = 'description: Proves it.\ntimeoutSeconds: 60\nneeds: [manager]\n';

describe('the metadata of a suite', () => {
  it('gets name, area and file from its place', () => {
    expect(entryOf('storage/file-upload.suite.yaml', TEXT)).to.deep.equal({
      name: 'storage-file-upload',
      area: 'storage',
      files: ['storage/file-upload'],
      description: 'Proves it.',
      timeoutSeconds: 60,
      needs: ['manager'],
    });
  });

  it('may name other files', () => {
    expect(entryOf('a/b.suite.yaml', `${TEXT}files: [a/c, a/d]\n`).files).to.deep.equal(['a/c', 'a/d']);
  });

  for (const [what, text, says] of [
    ['an unknown field', `${TEXT}neds: []\n`, '/neds is not a field of a suite'],
    ['a value of the wrong type', TEXT.replace('60', 'long'), '/timeoutSeconds'],
    ['no content', '', 'must be object'],
  ] as const) {
    it(`is refused with ${what}`, () => {
      expect(() => entryOf('a/b.suite.yaml', text))
        .to.throw(InvalidSuiteFile)
        .with.property('message')
        .that.includes('suites/a/b.suite.yaml')
        .and.includes(says);
    });
  }

  it('comes back out of the generated catalog', () => {
    const entry = entryOf('a/b.suite.yaml', TEXT);
    expect(parseCatalog(catalogText([entry]))).to.deep.equal([entry]);
  });
});
