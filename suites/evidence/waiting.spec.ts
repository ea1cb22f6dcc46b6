import { expect } from 'chai';
import { recorder } from './record.ts';
import { notYet, WaitTimeout, waitUntil } from './waiting.ts';

const failure = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
};

describe('waiting', () => {
  it('returns what the probe found, after looking again', async () => {
    let looks = 0;
    const found = await waitUntil(
      'the third look',
      async () => {
        looks += 1;
        return looks < 3 ? notYet(looks) : `look ${looks}`;
      },
      { deadlineSeconds: 2, everyMs: 1 },
    );
    expect(found).to.equal('look 3');
  });

  it('reports what it waited for, how long, and what it last saw', async () => {
    const wait = waitUntil('the session to run', async () => notYet({ status: 'PENDING' }), {
      deadlineSeconds: 0.05,
      everyMs: 10,
    });
    const error = await failure(wait);
    expect(error).to.be.instanceOf(WaitTimeout);
    expect((error as Error).message).to.match(
      /^waited 0\.05 s for the session to run; last seen \(look \d+\): \{ status: 'PENDING' \}$/,
    );
  });

  it('ends at once with an error that is not tolerated', async () => {
    let looks = 0;
    const wait = waitUntil(
      'nothing',
      async () => {
        looks += 1;
        throw new Error('broken');
      },
      { deadlineSeconds: 5, everyMs: 1 },
    );
    expect(((await failure(wait)) as Error).message).to.equal('broken');
    expect(looks).to.equal(1);
  });

  it('reports a tolerated error as what it last saw', async () => {
    const wait = waitUntil(
      'an answer',
      async () => {
        throw new Error('refused');
      },
      { deadlineSeconds: 0.03, everyMs: 5, tolerate: () => true },
    );
    expect(((await failure(wait)) as Error).message).to.include('Error: refused');
  });

  it('takes false and undefined for answers', async () => {
    expect(await waitUntil('x', async () => undefined, { deadlineSeconds: 1 })).to.equal(undefined);
    expect(await waitUntil('x', async () => false, { deadlineSeconds: 1 })).to.equal(false);
  });

  it('records each wait with what it waited for, also one that ended without an answer', async () => {
    const seen: string[] = [];
    const { waited } = recorder;
    recorder.waited = (what, seconds) => seen.push(`${what}: ${seconds >= 0.02}`);
    try {
      await failure(waitUntil('a start', async () => notYet(0), { deadlineSeconds: 0.03, everyMs: 5 }));
      await waitUntil('an answer', async () => 1, { deadlineSeconds: 1 });
    } finally {
      recorder.waited = waited;
    }
    expect(seen).to.deep.equal(['a start: true', 'an answer: false']);
  });
});
