import { expect } from 'chai';
import type { Registration } from '../clients/manager/discovery.ts';
import { RecordWatch } from './record-watch.ts';

describe('the watch of a record', () => {
  const record = (lastHeartbeat: number): Registration => ({
    ...{ key: 'k', id: 'i', group: 'manager', name: 'n', version: '1', protocol: 'http' },
    ...{ address: '10.0.0.1:1', metricsAddress: '10.0.0.1:2', registeredAt: 0, lastHeartbeat, ttlSeconds: 9 },
  });
  const now = (): number => Date.now() / 1000;
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((done) => setTimeout(done, 20));
  };

  it('says how long the record outlived its last renewal, however late it is asked', async () => {
    const old = record(now() - 100);
    const renewed = record(now() - 40);
    const answers = [old, renewed, undefined];
    const watch = new RecordWatch(old, async () => answers.shift()).start();
    await until(() => watch.gone);
    const atOnce = watch.outlived;
    expect(atOnce).to.be.within(39, 50);
    await new Promise((done) => setTimeout(done, 100));
    expect(watch.outlived).to.equal(atOnce);
    expect(watch.record).to.equal(renewed);
  });

  it('takes a look that fails for no proof that the record is gone', async () => {
    let looks = 0;
    const watch = new RecordWatch(record(now()), async () => {
      looks += 1;
      throw new Error('no answer');
    }).start();
    await until(() => looks === 2);
    watch.stop();
    expect(watch.gone).to.equal(false);
  });
});
