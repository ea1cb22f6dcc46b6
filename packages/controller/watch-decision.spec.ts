import { expect } from 'chai';
import { type Ended, type FollowState, nextStep } from './watch-decision.ts';

const noJitter = () => 0;
const at = (resourceVersion: string | undefined, failures = 0): FollowState => ({
  failures,
  resourceVersion,
});
const step = (state: FollowState, ended: Ended, healthy = true) =>
  nextStep(state, ended, healthy, noJitter).step;

describe('the next step of an informer', () => {
  it('is to watch again at once after a normal end', () => {
    expect(step(at('7'), 'server')).to.deep.equal({ do: 'watch', afterMs: 0, resourceVersion: '7' });
  });

  it('is a full list after 410, delayed when it repeats', () => {
    expect(step(at('7'), 'gone', false)).to.deep.equal({ do: 'list', afterMs: 0, reason: 'gone' });
    expect(step(at('7', 2), 'gone', false)).to.deep.equal({ do: 'list', afterMs: 2_000, reason: 'gone' });
  });

  it('is to watch again with growing pauses after errors, then to list', () => {
    const first = nextStep(at('7'), 'error', true, noJitter);
    expect(first.step).to.deep.equal({ do: 'watch', afterMs: 500, resourceVersion: '7' });
    const second = nextStep(first.state, 'error', false, noJitter);
    expect(second.step).to.deep.equal({ do: 'watch', afterMs: 1_000, resourceVersion: '7' });
    const third = nextStep(second.state, 'error', false, noJitter);
    expect(third.step).to.deep.equal({ do: 'list', afterMs: 2_000, reason: 'error' });
  });

  it('never waits longer than half a minute plus jitter', () => {
    let state = at(undefined);
    let wait = 0;
    for (let tries = 0; tries < 50; tries++) {
      const next = nextStep(state, 'error', false, () => 1);
      state = next.state;
      wait = next.step.afterMs;
      expect(next.step.do).to.equal('list');
    }
    expect(wait).to.equal(45_000);
  });

  it('backs off from a server that ends every watch at once', () => {
    expect(step(at('7'), 'server', false).afterMs).to.equal(500);
    expect(step(at('7', 5), 'server', false).afterMs).to.equal(16_000);
  });

  it('is a list after silence or at the periodic time', () => {
    expect(step(at('7'), 'silence', false)).to.deep.equal({ do: 'list', afterMs: 0, reason: 'silence' });
    expect(step(at('7'), 'periodic')).to.deep.equal({ do: 'list', afterMs: 0, reason: 'periodic' });
  });

  it('forgets failures once a watch was healthy', () => {
    expect(nextStep(at('7', 9), 'server', true, noJitter).state.failures).to.equal(0);
    expect(step(at('7', 9), 'error', true)).to.deep.equal({
      do: 'watch',
      afterMs: 500,
      resourceVersion: '7',
    });
  });
});
