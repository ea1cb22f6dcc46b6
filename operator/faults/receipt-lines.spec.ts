import type { FaultReceipt } from '@backendai-e2e/api/fault';
import { LAST_RESORT_MS } from '@backendai-e2e/tools/envtest/waits/until';
import { nearMisses } from '@backendai-e2e/tools/fuzz/near-misses';
import { expect } from 'chai';
import fc from 'fast-check';
import { stepInPod } from './pod-step.ts';
import { receiptLines, TOOL_EVENTS } from './receipt-lines.ts';
import type { ToolSeen } from './tool-state.ts';

const ACCEPTED = new Date('2030-01-01T00:00:00Z');
const LINE = { at: '2030-01-01T00:00:01.123Z', event: 'injected', evidence: 'seen' };
/** What the API server takes as a time in a status (RFC 3339), within the years of four digits. */
const STORED = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/** Times that Date reads and the API server does not, among good ones. */
const time = fc.constantFrom(
  ...[
    '1',
    '2030',
    '2030-02-30T00:00:00Z',
    '2030-01-01',
    'Thu, 01 Jan 2030 00:00:00 GMT',
    '+275760-09-13T00:00:00Z',
  ],
  ...['2030-01-01T24:00:00Z', '2030-01-01T00:00:00+09:00', '0000-01-01T00:00:00Z', LINE.at],
);
const line = fc.oneof(
  nearMisses(LINE),
  fc.record({ at: time, event: fc.constantFrom(...TOOL_EVENTS), evidence: fc.string({ unit: 'binary' }) }),
);
const output = fc
  .array(
    fc.oneof(
      line.map((each) => JSON.stringify(each) ?? ''),
      fc.string(),
      fc.constant('{"at":"20'),
    ),
    {
      maxLength: 6,
    },
  )
  .map((lines) => lines.join('\n'));

describe('the output of a fault tool', function () {
  this.timeout(LAST_RESORT_MS);

  it('gives only what a status can hold, whatever writes it', () => {
    expect(receiptLines(JSON.stringify(LINE))).to.deep.equal([LINE]);
    fc.assert(
      fc.property(output, (log) => {
        for (const { at, event, evidence, ...more } of receiptLines(log)) {
          expect(at).to.match(STORED);
          expect(TOOL_EVENTS).to.include(event);
          expect(evidence.length).to.be.at.most(1_000);
          expect(more).to.deep.equal({});
        }
      }),
      { numRuns: 10_000 },
    );
  });

  it('keeps no fault from its end', () => {
    const receipt: FaultReceipt = { pod: 'web-1', uid: 'u1', container: 'main', containerId: 'old' };
    const pod = { metadata: { name: 'web-1', uid: 'u1' } };
    const state = fc.constantFrom<ToolSeen['state'][]>('waiting', 'running', 'ended', 'unstarted');
    const tool = fc.constantFrom('pause', 'resume', 'partition', 'mend-partition', 'kill');
    const seen = fc.array(fc.tuple(tool, state, output), { maxLength: 3 });
    fc.assert(
      fc.property(fc.constantFrom('pause', 'networkPartition', 'kill'), seen, (action, tools) => {
        const looked = tools.map(([name, at, log], index) => ({
          ...{
            tool: name,
            round: index + 1,
            name: `${name}-${index + 1}`,
            state: at,
            lines: receiptLines(log),
          },
        })) as ToolSeen[];
        const never = {
          now: new Date('2031-01-01T00:00:00Z'),
          acceptedAt: ACCEPTED,
          wantsHealing: true,
          seconds: 30,
        };
        const step = stepInPod(action, receipt, { pod, tools: looked }, never);
        expect(step.receipt).to.include({ pod: 'web-1', uid: 'u1' });
        const { injectedAt, seenInForceAt, healedAt, seenHealedAt } = step.receipt;
        for (const each of [injectedAt, seenInForceAt, healedAt, seenHealedAt])
          if (each !== undefined) expect(each).to.match(STORED);
      }),
      { numRuns: 10_000 },
    );
  });
});
