import { fileURLToPath } from 'node:url';
import { TestIds } from '@backendai-e2e/results/titles';
import { attemptContext, testContext, traceparent } from '@backendai-e2e/results/trace-ids';
import { expect } from 'chai';
import { execa } from 'execa';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const FILE = 'runner/fixtures/traced';

/** Where the requests of the sample are in a trace, by hook or test. */
async function places(env: Record<string, string>): Promise<Record<string, string>> {
  const run = { E2E_FILES: JSON.stringify([FILE]), ...env };
  const { stdout } = await execa(process.execPath, [MAIN], { env: run });
  const said = [...stdout.matchAll(/^(before|first|again|after): (.*)$/gm)];
  return Object.fromEntries(said.map(([, where, place]) => [where, place]));
}

describe('requests of a suite', function () {
  this.timeout(60_000);

  it('come below their test in the trace of the run, those of hooks below the attempt', async () => {
    const attempt = attemptContext('run-uid', 'report-uid');
    const ids = new TestIds();
    const below = (title: string) => traceparent(testContext(attempt, ids.next(FILE, title)));
    expect(await places({ TRACEPARENT: traceparent(attempt) })).to.deep.equal({
      before: traceparent(attempt),
      first: below('traced sample › says first'),
      again: below('traced sample › says again'),
      after: traceparent(attempt),
    });
  });

  it('belong to no trace when the environment names none', async () => {
    const none = 'in no trace';
    expect(await places({ TRACEPARENT: 'yes' })).to.deep.equal({
      ...{ before: none, first: none, again: none, after: none },
    });
  });
});
