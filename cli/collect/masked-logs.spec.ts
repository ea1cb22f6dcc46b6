import { MASK } from '@backendai-e2e/redaction/redaction';
import { expect } from 'chai';
import { componentLog } from './log-fixtures.ts';
import { maskedLogs, secretsOfNamespaces } from './masked-logs.ts';

describe('logs that the command writes', () => {
  it('have no value of the Secrets of their namespaces', async () => {
    const source = {
      get: async <T>(path: string): Promise<T> => {
        if (path.includes('/closed/')) throw new Error('forbidden');
        const data = { password: Buffer.from('Correct-Horse-7f3a').toString('base64') };
        return { items: [{ type: 'Opaque', data }] } as T;
      },
    };
    const { secrets, unread } = await secretsOfNamespaces(
      source,
      ['open', 'closed'],
      AbortSignal.timeout(1000),
    );
    expect(unread).to.deep.equal(['closed']);
    const event = {
      metadata: { namespace: 'open' },
      message: 'pulls Correct-Horse-7f3a',
      involvedObject: {},
    };
    const logs = [componentLog('manager', ['connects with Correct-Horse-7f3a'])];
    const masked = maskedLogs({ pods: [], logs, events: [event], troubles: [] }, secrets);
    expect(masked.logs[0]?.text).to.equal(`connects with ${MASK}`);
    expect(masked.events[0]?.message).to.equal(`pulls ${MASK}`);
  });
});
