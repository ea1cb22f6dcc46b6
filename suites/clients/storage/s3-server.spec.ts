import { expect } from 'chai';
import { listed } from './s3-server.ts';

describe('a listing of the S3 server', () => {
  it('gives keys as they are, not as XML writes them', () => {
    const keys = ['a/b.txt', 'x &amp; y+&#39;(&#x5A;).txt', '&lt;&amp;lt;&gt;'].map(
      (key) => `<Contents><Key>${key}</Key><LastModified>2026-01-02T03:04:05Z</LastModified></Contents>`,
    );
    const found = listed(`<ListBucketResult>${keys.join('')}</ListBucketResult>`);
    expect(found.map(({ key }) => key)).to.deep.equal(['a/b.txt', "x & y+'(Z).txt", '<&lt;>']);
    expect(found[0]?.at.toISOString()).to.equal('2026-01-02T03:04:05.000Z');
  });
});
