import { expect } from 'chai';
import { until } from './until.ts';

describe('a wait of the tests', () => {
  const message = (wait: Promise<unknown>) => wait.then(String, (error: Error) => error.message);

  it('returns the first value other than undefined and false', async () => {
    const seen = [undefined, false, 0, 1];
    expect(await until('a value', () => seen.shift(), { everyMs: 1 })).to.equal(0);
  });

  it('lasts as long as what it sees changes', async () => {
    let count = 0;
    const look = () => {
      count += 1;
      if (count < 40) throw new Error(`step ${count}`);
      return 'done';
    };
    expect(await until('the end', look, { stalledMs: 20, everyMs: 5 })).to.equal('done');
  });

  it('fails when nothing changes, and reports what it saw last', async () => {
    const look = () => {
      throw new Error('the run is Queued');
    };
    const said = await message(until('the run ends', look, { stalledMs: 20, everyMs: 5 }));
    expect(said).to.match(/^Not within \d+\.\d s: the run ends; last seen: the run is Queued$/);
  });

  it('fails after the bound that a test asserts, also when something changes', async () => {
    let count = 0;
    const look = () => {
      count += 1;
      throw new Error(`step ${count}`);
    };
    expect(await message(until('the end', look, { withinMs: 30, everyMs: 5 }))).to.match(
      /last seen: step \d/,
    );
  });
});
