import { expect } from 'chai';
import { parse } from 'yaml';
import { applyBody } from './apply-body.ts';

describe('the body of a server-side apply', () => {
  it('means the same as JSON and as YAML, for every character', () => {
    const all = Array.from({ length: 0xd800 }, (_, code) => String.fromCharCode(code)).join('');
    const more = Array.from({ length: 0x2000 }, (_, code) => String.fromCharCode(0xe000 + code)).join('');
    const text = `${all}${more}😀\\u0080`;
    const body = applyBody({ text });
    expect(JSON.parse(body).text).to.equal(text);
    expect(parse(body).text).to.equal(text);
    expect(body).not.to.match(/[\u007f-\u00a0\u2028\u2029\ufeff\ufffe\uffff]/);
  });

  it('replaces half a surrogate pair by U+FFFD', () => {
    expect(JSON.parse(applyBody({ text: 'a\ud83d and \ude00b' })).text).to.equal('a\ufffd and \ufffdb');
  });
});
