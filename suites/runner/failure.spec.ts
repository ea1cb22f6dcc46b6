import assert from 'node:assert';
import { expect } from 'chai';
import { differing } from './difference.ts';
import { causes, describeFailure, headline } from './failure.ts';

const diff = (actual: string, expected: string) => `- ${actual} + ${expected}`;
const thrown = (body: () => void): unknown => {
  try {
    body();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

describe('the text of a failure', () => {
  it('begins with name and message, whatever was thrown', () => {
    expect(headline(new TypeError('no'))).to.equal('TypeError: no');
    expect(headline(new RangeError())).to.equal('RangeError');
    expect(headline({ code: 7 })).to.equal('thrown: { code: 7 }');
    expect(headline(undefined)).to.equal('thrown: undefined');
  });

  it('shows both values, also beside a message of its own', () => {
    const own = thrown(() => assert.equal(500, 200, 'status of the answer'));
    expect(describeFailure(own, [], diff)).to.match(/^AssertionError: status of the answer\n- 500 \+ 200\n/);
    const chai = thrown(() => expect({ a: 1 }).to.deep.equal({ a: 2 }));
    expect(describeFailure(chai, [], diff)).to.include('- { a: 1 } + { a: 2 }');
  });

  it('shows values again that look the same', () => {
    const error = thrown(() => expect('5').to.equal(5 as never));
    expect(describeFailure(error, [], diff)).to.include("- '5' + 5");
  });

  it('does not repeat values that the message has', () => {
    const error = thrown(() => assert.equal(1, 2));
    expect(describeFailure(error, [], () => 'A DIFF')).not.to.include('A DIFF');
  });

  it('has causes and the errors of an aggregate', () => {
    const deep = new Error('outer', { cause: new Error('inner', { cause: new Error('innermost') }) });
    expect(causes(deep).join('\n')).to.match(/inner[\s\S]*innermost/);
    const all = new AggregateError([new Error('one'), new Error('two')], 'both');
    expect(causes(all).join('\n')).to.match(/one[\s\S]*two/);
  });

  it('ends with frames of the suite, without those of Node.js and Mocha', () => {
    const error = new Error('x');
    error.stack = [
      'Error: x',
      '    at test (file:///app/suites/storage/a.ts:1:1)',
      '    at callFn (file:///app/node_modules/mocha/lib/runnable.js:1:1)',
      '    at node:internal/timers:1:1',
    ].join('\n');
    const text = describeFailure(error, [], diff);
    expect(text)
      .to.include('suites/storage/a.ts')
      .and.not.match(/mocha|node:internal/);
  });

  it('has the last requests with their answers', () => {
    const exchange = {
      at: '2026-01-01T00:00:00Z',
      request: 'GET /x',
      answer: '500 no',
      seconds: 1,
      times: 3,
    };
    expect(describeFailure(new Error('x'), [exchange], diff))
      .to.include('GET /x')
      .and.include('500 no');
  });
});

describe('what differs in two long texts', () => {
  const lines = (changed: string) =>
    Array.from({ length: 900 }, (_, n) => (n === 700 ? changed : `line ${n}`)).join('\n');

  it('is left, with three lines around it', () => {
    const [left, right] = differing(lines('left'), lines('right'));
    expect(left.split('\n')).to.deep.equal([
      ...['…', 'line 697', 'line 698', 'line 699', 'left', 'line 701', 'line 702', 'line 703', '…'],
    ]);
    expect(right).to.include('right').and.not.include('left');
  });

  it('is left of one line, with a hundred characters around it', () => {
    const [left, right] = differing(`${'a'.repeat(9_000)}left`, `${'a'.repeat(9_000)}right`);
    expect([left, right]).to.deep.equal([`…${'a'.repeat(100)}left`, `…${'a'.repeat(100)}right`]);
  });

  it('stays whole where both are short', () => {
    expect(differing('a', 'b')).to.deep.equal(['a', 'b']);
  });
});
