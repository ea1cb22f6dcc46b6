import { expect } from 'chai';
import { anchorOf, failureAnchor } from './anchors.ts';
import { inert, inertText } from './inert.ts';

describe('hostile texts', () => {
  it('cannot turn the direction of what follows, nor act on a terminal', () => {
    expect(inertText('a\u202eb\u2066c\u0000d\u001be')).to.equal('a⟨U+202E⟩b⟨U+2066⟩c⟨U+0000⟩d⟨U+001B⟩e');
  });

  it('keep line breaks, tabs and every script', () => {
    expect(inertText('한글\n\t 中文 <b>')).to.equal('한글\n\t 中文 <b>');
  });

  it('lose halves of surrogate pairs', () => {
    expect(inertText('a\ud800b')).to.equal('a\ufffdb');
  });

  it('are inert wherever they stand in data', () => {
    expect(inert({ 'k\u202e': ['v\u202e', { deep: 'w\u202e', number: 1, not: null }] })).to.deep.equal({
      'k⟨U+202E⟩': ['v⟨U+202E⟩', { deep: 'w⟨U+202E⟩', number: 1, not: null }],
    });
  });

  it('make anchors of letters, digits, "-" and "_" that stay apart', () => {
    const anchors = ['a"><script>', 'a b', 'a_b', 'a/b', '한글', ''].map((part) =>
      failureAnchor('suite', part),
    );
    for (const anchor of anchors) expect(anchor).to.match(/^[A-Za-z0-9_-]+$/);
    expect(new Set(anchors).size).to.equal(anchors.length);
    expect(anchorOf('suite', 'storage-file-upload')).to.equal('suite__storage-file-upload');
  });
});
