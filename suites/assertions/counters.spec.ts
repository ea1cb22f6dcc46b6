import { expect } from 'chai';
import { countersEqualKernels } from './counters.ts';

describe('the counters of agents and their kernels', () => {
  /** A deployment whose sources disagree at their first look, and how often each was asked. */
  const deployment = (wrong: 'agents' | 'API' | 'containers' | 'Valkey' | undefined) => {
    const looks = { agents: 0, API: 0, containers: 0, Valkey: 0 };
    const isWrong = (source: keyof typeof looks): boolean => {
      looks[source] += 1;
      return source === wrong && looks[source] === 1;
    };
    const container = (session: string) => ({
      ...{ id: 'c', state: 'exited', labels: { 'ai.backend.session-id': session } },
    });
    const world = {
      connection: { agents: [{ id: 'i-agent-0' }] },
      admin: {
        agents: async () => [
          { id: 'i-agent-0', occupied_slots: JSON.stringify({ cpu: isWrong('API') ? '2' : '1' }) },
        ],
      },
      database: {
        rows: async (sql: string) => {
          if (sql.includes('agent_resources')) return isWrong('agents') ? [{ used: 2, held: 1 }] : [];
          return [{ agent: 'i-agent-0', kernels: 1 }];
        },
        agentSlots: async () => [
          { agent_id: 'i-agent-0', slot_name: 'cpu', used: 1 },
          { agent_id: 'i-agent-0', slot_name: 'mem', used: 0 },
        ],
      },
      valkey: { containerCount: async () => (isWrong('Valkey') ? 2 : 1) },
      observers: () => [
        {
          containers: async () => [
            container('of-another-suite'),
            ...(isWrong('containers') ? [container('ended')] : []),
          ],
        },
      ],
    };
    return { world, looks };
  };

  it('are equal at the first look', async () => {
    const { world, looks } = deployment(undefined);
    await countersEqualKernels(world as never, ['ended']);
    expect(looks).to.deep.equal({ agents: 1, API: 1, containers: 1, Valkey: 1 });
  });

  for (const source of ['agents', 'API', 'containers', 'Valkey'] as const) {
    it(`are looked at again while ${source} ${source.endsWith('s') ? 'differ' : 'differs'}`, async () => {
      const { world, looks } = deployment(source);
      await countersEqualKernels(world as never, ['ended']);
      expect(looks[source]).to.equal(2);
    });
  }
});
