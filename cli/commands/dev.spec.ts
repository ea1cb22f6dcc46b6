import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import type { Effects } from '../kind/effects.ts';
import { type Interrupts, onInterrupt } from '../terminal/interrupt.ts';
import { checkedOnce, filesInWords, untilStopped } from './dev.ts';

/** Saves that a test makes. */
class Hand {
  #waiting: ((files: string[]) => void) | undefined;
  save(...files: string[]): void {
    this.#waiting?.(files);
  }
  next(signal: AbortSignal): Promise<string[]> {
    return new Promise((resolve, reject) => {
      this.#waiting = resolve;
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  }
}

describe('e2e dev', () => {
  const signals = new EventEmitter();
  const listen = (tell: (line: string) => void): Interrupts => onInterrupt(tell, signals);
  const press = () => signals.emit('SIGINT', 'SIGINT');

  it('runs at once and at every save, and ends with the code of the last run', async () => {
    const hand = new Hand();
    const lines: string[] = [];
    const steps = [() => hand.save('manager/a.py'), press];
    let runs = 0;
    const code = await untilStopped(
      hand,
      async () => {
        const step = steps[runs++];
        setImmediate(() => step?.());
        return runs === 2 ? 1 : 0;
      },
      { print: (line: string) => lines.push(line), listen },
    );
    expect([runs, code]).to.deep.equal([2, 1]);
    expect(lines).to.include('saved: manager/a.py');
    expect(signals.listenerCount('SIGINT')).to.equal(0);
  });

  it('ends the run that a save makes old, and starts the next', async () => {
    const hand = new Hand();
    let runs = 0;
    const code = await untilStopped(
      hand,
      ({ superseded }) => {
        runs++;
        if (runs === 2) {
          setImmediate(press);
          return Promise.resolve(0);
        }
        setImmediate(() => hand.save('a.py'));
        return new Promise((resolve) => superseded.addEventListener('abort', () => resolve(130)));
      },
      { print: () => {}, listen },
    );
    expect([runs, code]).to.deep.equal([2, 0]);
  });

  it('is interrupted in a run', async () => {
    const run = async () => {
      press();
      return 130;
    };
    expect(await untilStopped(new Hand(), run, { print: () => {}, listen })).to.equal(130);
  });

  it('looks at the machine once, and again after a failure', async () => {
    let looks = 0;
    const inspect = async () => {
      looks++;
      if (looks === 1) throw new Error('no engine');
      return [];
    };
    const effects = checkedOnce({ inspect, tools: inspect, engine: inspect } as unknown as Effects);
    const p = { log: () => {}, signal: new AbortController().signal, cacheDir: '' };
    expect(await effects.inspect(p, 1).catch(String)).to.equal('Error: no engine');
    await effects.inspect(p, 1);
    await effects.inspect(p, 1);
    expect(looks).to.equal(2);
  });

  it('names a few of the saved files', () => {
    expect(filesInWords(['a', 'b'])).to.equal('a, b');
    expect(filesInWords(['a', 'b', 'c', 'd', 'e'])).to.equal('a, b, c and 2 more');
  });
});
