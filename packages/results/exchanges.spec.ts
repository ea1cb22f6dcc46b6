import { expect } from 'chai';
import { exchangeList, exchangesIn, splitFailure } from './exchanges.ts';

const at = '2026-01-01T00:00:05.000Z';
const exchange = (request: string, answer: string, times = 1) => ({
  at,
  request,
  answer,
  seconds: 0.25,
  times,
});

/** The text of a failure with these exchanges. */
const textOf = (...exchanges: ReturnType<typeof exchange>[]) =>
  ['expected 1', exchangeList(exchanges), '    at here'].filter(Boolean).join('\n');

describe('the exchanges in the text of a failure', () => {
  it('are those that were listed', () => {
    const text = textOf(
      exchange('GET /folders?name=x', '200 {"token":"•••"}', 3),
      exchange('POST /folders {"a":1}', '500 broke (0.1 s)'),
      exchange('DELETE /folders/1', 'TypeError: fetch failed'),
    );
    const same = { at: Date.parse(at), seconds: 0.25 };
    expect(exchangesIn(text)).to.deep.equal([
      { ...same, method: 'GET', path: '/folders', status: 200, times: 3 },
      { ...same, method: 'POST', path: '/folders', status: 500, times: 1 },
      { ...same, method: 'DELETE', path: '/folders/1', times: 1 },
    ]);
  });

  it('leave out SQL, lines that were cut, and errors without requests', () => {
    expect(exchangesIn(textOf(exchange('SQL on db: select 1', '1 rows')))).to.deep.equal([]);
    expect(exchangesIn(textOf(exchange('GET /x', '200 ok')).slice(0, 70))).to.deep.equal([]);
    expect(textOf()).to.equal('expected 1\n    at here');
    expect(exchangesIn(textOf())).to.deep.equal([]);
  });

  it('are apart from what went wrong, with the stack behind them', () => {
    const text = textOf(exchange('GET /x', '200 ok'));
    expect(splitFailure(text)).to.deep.equal({
      message: 'expected 1',
      requests: `Last requests:\n  ${at} GET /x\n    → 200 ok (0.25 s)\n    at here`,
    });
    expect(splitFailure('expected 1')).to.deep.equal({ message: 'expected 1', requests: '' });
  });
});
