import { expect } from 'chai';
import { CHECKS, untilNoticed } from './health-looks.ts';

describe('the checks until a process notices a loss', () => {
  const since = new Date('2026-01-01T00:00:00Z');
  /** A process whose checks, a minute apart, report these dependencies as ill; and the times after which it was asked. */
  const process = (...checks: (readonly string[])[]) => {
    const asked: string[] = [];
    const next = async (after: Date) => {
      const place = asked.push(after.toISOString().slice(14, 19)) - 1;
      const lookedAt = new Date(since.getTime() + (place + 1) * 60_000);
      return { ill: checks[place] ?? [], lookedAt };
    };
    return { asked, next };
  };

  it('are one where the first notices it', async () => {
    const { asked, next } = process(['etcd']);
    const { look, missed } = await untilNoticed('etcd', since, next);
    expect([look.ill, missed]).to.deep.equal([['etcd'], 0]);
    expect(asked).to.deep.equal(['00:00']);
  });

  it('are up to three, each after the one before', async () => {
    const { asked, next } = process([], ['redis'], ['redis', 'etcd']);
    const { look, missed } = await untilNoticed('etcd', since, next);
    expect([look.ill, missed]).to.deep.equal([['redis', 'etcd'], 2]);
    expect(asked).to.deep.equal(['00:00', '01:00', '02:00']);
  });

  it('end with the third, whatever it says: a process that never notices is no endless wait', async () => {
    const { asked, next } = process([], [], [], ['etcd']);
    const { look, missed } = await untilNoticed('etcd', since, next);
    expect([look.ill, missed]).to.deep.equal([[], CHECKS]);
    expect(asked).to.have.lengthOf(CHECKS);
  });

  it('fail with the error of a check', async () => {
    const silent = async () => {
      throw new Error('no answer');
    };
    const error = await untilNoticed('etcd', since, silent).catch((thrown: unknown) => String(thrown));
    expect(error).to.equal('Error: no answer');
  });
});
