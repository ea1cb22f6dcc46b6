import { expect } from 'chai';
import { waitsBecause } from './waiting-session.ts';

describe('a session that waits for a reason', () => {
  const step = {
    result: 'NEED_RETRY',
    phase: 'schedule-sessions',
    message: 'concurrent sessions: at most 1',
  };
  const usual = {
    step: step as object,
    status: 'PENDING',
    kernels: [{ status: 'PENDING', agent: null, container_id: null }] as readonly object[],
    allocations: [{ used: null, reserved: 0 }] as readonly object[],
  };

  /** The failed assertion, or undefined if the session waits as it should. */
  const failure = async (changed: Partial<typeof usual>): Promise<string | undefined> => {
    const seen = { ...usual, ...changed };
    let asked = 0;
    const world = {
      database: {
        // The first look comes too early.
        schedulingSteps: async () => {
          asked += 1;
          return asked === 1
            ? [
                { ...step, result: 'SUCCESS' },
                { ...step, message: 'no agent' },
              ]
            : [seen.step];
        },
        kernels: async () => seen.kernels,
        allocations: async () => seen.allocations,
      },
      containersGone: async () => undefined,
    };
    const account = { sessions: { get: async () => ({ status: seen.status }) } };
    try {
      await waitsBecause(world as never, account as never, 'id', /at most 1/);
    } catch (error) {
      return String(error);
    }
    expect(asked).to.equal(2);
    return undefined;
  };

  it('is PENDING, has one kernel without agent and container, and holds nothing', async () => {
    expect(await failure({})).to.equal(undefined);
  });

  for (const [what, changed] of [
    ['another step has the reason', { step: { ...step, phase: 'check-precondition' } }],
    ['it is not PENDING', { status: 'PREPARING' }],
    ['it has two kernels', { kernels: [...usual.kernels, ...usual.kernels] }],
    ['its kernel has an agent', { kernels: [{ ...usual.kernels[0], agent: 'i-agent-0' }] }],
    ['it reserves slots', { allocations: [{ used: null, reserved: 1 }] }],
    ['it uses slots', { allocations: [{ used: 1, reserved: 0 }] }],
  ] as const) {
    it(`is none if ${what}`, async () => {
      expect(await failure(changed)).to.match(/AssertionError/);
    });
  }
});
