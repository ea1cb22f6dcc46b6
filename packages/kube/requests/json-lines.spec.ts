import { expect } from 'chai';
import { jsonLines } from './json-lines.ts';

async function parsed(...chunks: (string | Uint8Array)[]): Promise<unknown[]> {
  async function* stream() {
    for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  }
  const values: unknown[] = [];
  for await (const value of jsonLines(stream())) values.push(value);
  return values;
}

describe('JSON lines', () => {
  it('are assembled from chunks of any size', async () => {
    expect(await parsed('{"a":', '1}\n{"b":2}\n\n{"c"', ':', '3}\n')).to.deep.equal([
      { a: 1 },
      { b: 2 },
      { c: 3 },
    ]);
  });

  it('may be split inside a character', async () => {
    const bytes = Buffer.from('{"name":"한글"}\n');
    expect(await parsed(bytes.subarray(0, 10), bytes.subarray(10))).to.deep.equal([{ name: '한글' }]);
  });

  it('are dropped when they were cut off; text that is not JSON is an error', async () => {
    expect(await parsed('{"a":1}\n{"b":')).to.deep.equal([{ a: 1 }]);
    const failed = await parsed('oops\n').catch((error: unknown) => error);
    expect(failed).to.be.instanceOf(SyntaxError);
  });
});
