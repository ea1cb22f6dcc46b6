import { expect } from 'chai';
import { ReportRefused } from './report-sender.ts';
import { ReportLost, ReportWriter } from './report-writer.ts';

const until = async (what: string, holds: () => boolean): Promise<void> => {
  const deadline = performance.now() + 3_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited 3 s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

describe('the writer of a report', () => {
  let state = 0;
  const sent: { state: number; at: number }[] = [];
  const snapshot = () => ({ message: String(state) });
  const note = () => sent.push({ state, at: performance.now() });
  const warnings: string[] = [];
  const warn = (line: string) => warnings.push(line);

  beforeEach(() => {
    state = 0;
    sent.length = 0;
    warnings.length = 0;
  });

  it('writes the first change at once and the newest state after the interval', async () => {
    const send = async () => void note();
    const writer = new ReportWriter({ send, snapshot, intervalMs: 150, warn });
    for (state = 1; state < 5; state += 1) writer.changed();
    await until('first write', () => sent.length === 1);
    state = 9;
    writer.changed();
    await until('second write', () => sent.length === 2);
    const [first, second] = sent;
    expect(second?.state).to.equal(9);
    expect((second?.at ?? 0) - (first?.at ?? 0)).to.be.at.least(145);
  });

  it('ends quickly: the last write does not wait for the interval', async () => {
    const writer = new ReportWriter({ send: async () => void note(), snapshot, intervalMs: 60_000, warn });
    writer.changed();
    await until('first write', () => sent.length === 1);
    state = 2;
    writer.changed();
    await writer.finish(1_000);
    expect(sent.map((write) => write.state)).to.deep.equal([0, 2]);
  });

  it('flushes the state of this moment, and says when it could not', async () => {
    let refuses = true;
    const send = async () => {
      if (refuses) throw new ReportRefused('422', false);
      note();
    };
    const writer = new ReportWriter({ send, snapshot, intervalMs: 60_000, warn });
    expect(await writer.flush(1_000).catch((error: unknown) => error)).to.be.instanceOf(ReportLost);
    refuses = false;
    state = 3;
    await writer.flush(1_000);
    await writer.finish(1_000);
    expect(sent.map((write) => write.state)).to.deep.equal([3, 3]);
  });

  it('repeats the last write until the API server accepts it', async () => {
    let tries = 0;
    const send = async () => {
      tries += 1;
      if (tries < 3) throw new ReportRefused('503', true);
      note();
    };
    const writer = new ReportWriter({ send, snapshot, intervalMs: 10, warn });
    await writer.finish(5_000);
    expect(tries).to.equal(3);
    expect(warnings).to.have.length(2);
  });

  it('gives up at once when the report is refused for good, and at the deadline otherwise', async () => {
    const lost = async (retry: boolean, deadlineMs: number): Promise<unknown> => {
      const send = async () => {
        throw new ReportRefused('no', retry);
      };
      try {
        await new ReportWriter({ send, snapshot, intervalMs: 10, warn }).finish(deadlineMs);
        return undefined;
      } catch (error) {
        return error;
      }
    };
    expect(await lost(false, 60_000)).to.be.instanceOf(ReportLost);
    expect(await lost(true, 300)).to.be.instanceOf(ReportLost);
  });

  it('never runs two writes at once', async () => {
    let running = 0;
    let most = 0;
    const send = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 40));
      running -= 1;
      note();
    };
    const writer = new ReportWriter({ send, snapshot, intervalMs: 1, warn });
    writer.changed();
    await new Promise((resolve) => setTimeout(resolve, 10));
    writer.changed();
    await writer.finish(1_000);
    expect(most).to.equal(1);
  });
});
