import { expect } from 'chai';
import { longestSilence, replaced } from './agent-loss.ts';

describe('an agent whose pod was replaced', () => {
  /** A deployment whose agent shows the next status and heartbeat at each look. */
  const deployment = (looks: readonly (readonly [status: string, beat: number | undefined])[]) => {
    let look = 0;
    const at = () => looks[Math.min(look, looks.length - 1)] ?? ['ALIVE', undefined];
    return {
      looked: () => look,
      valkey: { agentsLastSeen: async () => ({ 'i-agent-0': at()[1] }) },
      database: {
        rows: async () => {
          const [status] = at();
          look += 1;
          return [{ id: 'i-agent-0', status }];
        },
      },
    };
  };
  const seen = async (
    looks: readonly (readonly [string, number | undefined])[],
    ready = (_looked: number) => false,
  ) => {
    const one = deployment(looks);
    const agent = replaced(one as never, 'i-agent-0', () => ready(one.looked()), 5);
    return agent.then(({ gone, silentSeconds }) => ({ status: gone?.status, silentSeconds }));
  };

  it('is gone when the manager finds it LOST', async () => {
    expect(
      await seen([
        ['ALIVE', 100],
        ['LOST', undefined],
      ]),
    ).to.deep.equal({ status: 'LOST', silentSeconds: 0 });
  });

  it('is back after the next heartbeat of a ready pod, and its silence is known', async () => {
    const looks = [
      ['ALIVE', 100],
      ['ALIVE', 105],
      ['ALIVE', 119],
      ['ALIVE', 124],
    ] as const;
    expect(await seen(looks, (looked) => looked >= 2)).to.deep.equal({
      status: undefined,
      silentSeconds: 14,
    });
  });

  it('is not back with a heartbeat of the old pod', async () => {
    const error = await seen([['ALIVE', 100]], () => true).catch((thrown: unknown) => String(thrown));
    expect(error).to.match(/waited 5 s for agent i-agent-0 to be LOST or TERMINATED, or to be back.*ALIVE/);
  });

  it('was silent for the longest time between two heartbeats', () => {
    expect(longestSilence([1, 6, 20, 25])).to.equal(14);
    expect(longestSilence([1])).to.equal(0);
  });
});
