import { spawnSync } from 'node:child_process';
import { FakeClock } from '@backendai-e2e/tools/envtest/doubles/fake-clock';
import { expect } from 'chai';
import { giveMemoryBack, WhenIdle } from './idle.ts';

describe('a process that has worked', () => {
  it('becomes idle once after each period of work', async () => {
    const clock = new FakeClock();
    let times = 0;
    const idle = new WhenIdle(clock, () => times++, 1_000);
    await clock.advance(5_000);
    expect(times).to.equal(0);
    idle.worked();
    await clock.advance(900);
    idle.worked();
    await clock.advance(900);
    expect(times).to.equal(0);
    await clock.advance(10_000);
    expect(times).to.equal(1);
    idle.worked();
    await clock.advance(1_000);
    expect(times).to.equal(2);
    idle.worked();
    idle.stop();
    await clock.advance(5_000);
    expect(times).to.equal(2);
    expect(clock.pending).to.equal(0);
  });

  it('returns memory after work when the collector is exposed', () => {
    const script = `
      import { giveMemoryBack } from ${JSON.stringify(new URL('./idle.ts', import.meta.url).href)};
      // Of what work leaves behind every hundredth piece lives on, so that no page is empty.
      const kept = [];
      for (let index = 0; index < 400_000; index++) {
        const piece = { index, text: 'x'.repeat(40) + index };
        if (index % 100 === 0) kept.push(piece);
      }
      const before = process.memoryUsage().heapTotal;
      giveMemoryBack();
      console.log(JSON.stringify({ before, after: process.memoryUsage().heapTotal, kept: kept.length }));
    `;
    const run = (flags: string[]) => {
      const args = [...flags, '--max-semi-space-size=1', '--input-type=module', '--eval', script];
      const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      if (stderr !== '') throw new Error(stderr);
      return JSON.parse(stdout) as { before: number; after: number };
    };
    const without = run([]);
    expect(without.after).to.equal(without.before);
    const exposed = run(['--expose-gc']);
    expect(exposed.after).to.be.below(0.8 * exposed.before);
    expect(giveMemoryBack).not.to.throw();
  });
});
