import { expect } from 'chai';
import { Ledger, LeftBehind } from './ledger.ts';

describe('the clean-up ledger', () => {
  it('undoes the last thing first, each once', async () => {
    const ledger = new Ledger();
    const undone: string[] = [];
    for (const what of ['user', 'folder', 'session']) ledger.add(what, async () => undone.push(what));
    await ledger.settle();
    await ledger.settle();
    expect(undone).to.deep.equal(['session', 'folder', 'user']);
    expect(ledger.size).to.equal(0);
  });

  it('tries again where nobody listened, and only there', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const tries = { folder: 0, user: 0 };
    const ledger = new Ledger();
    ledger.add('folder', async () => {
      tries.folder += 1;
      if (tries.folder < 3) throw new Error('no answer', { cause: refused });
    });
    await ledger.settle();
    ledger.add('user', async () => {
      tries.user += 1;
      throw new Error('no such user');
    });
    const error = await ledger.settle().catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(LeftBehind);
    expect(tries).to.deep.equal({ folder: 3, user: 1 });
  });

  it('goes on after a failure and lists everything that is left', async () => {
    const ledger = new Ledger();
    const undone: string[] = [];
    ledger.add('user', async () => undone.push('user'));
    ledger.add('folder', async () => {
      throw new Error('still mounted');
    });
    ledger.add('session', () => new Promise(() => undefined));
    let error: unknown;
    try {
      await ledger.settle(20);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).to.be.instanceOf(LeftBehind);
    expect((error as LeftBehind).left).to.deep.equal([
      'session (not undone within 0.02 s)',
      'folder (still mounted)',
    ]);
    expect(undone).to.deep.equal(['user']);
  });
});
