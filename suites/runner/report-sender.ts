import { FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { TEST_REPORTS } from '@backendai-e2e/api/resources';
import type { TestReportStatus } from '@backendai-e2e/api/test-report';
import { ApiError } from '@backendai-e2e/kube/api-error';
import { KubeClient } from '@backendai-e2e/kube/client';
import type { ReportTarget } from './settings.ts';

/**
 * The operator does not wait for the attempt's rights before it creates the Job. A refusal this soon after the start of the
 * process, milliseconds, may mean that the API server does not know them yet.
 */
const RIGHTS_SETTLE_MS = 10_000;

/** The API server refused a report. `retry`: the same request may succeed later. */
export class ReportRefused extends Error {
  override name = 'ReportRefused';
  readonly retry: boolean;
  constructor(message: string, retry: boolean) {
    super(message);
    this.retry = retry;
  }
}

/** Writes a complete status. Rejects with {@link ReportRefused} or with the error of the connection. */
export type SendStatus = (status: TestReportStatus) => Promise<void>;

/** Milliseconds for one write: ReportWriter decides what comes after it. */
const WRITE_MS = 5_000;

/** Writes a TestReport's status by server-side apply. */
export function statusSender(target: ReportTarget): SendStatus {
  const { access, namespace, name } = target;
  const client = new KubeClient(access, { deadlineMs: WRITE_MS });
  const options = { fieldManager: FIELD_MANAGERS.runner, force: true };
  return async (status) => {
    try {
      await client.applyStatus(TEST_REPORTS, { metadata: { namespace, name }, status }, options);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code === 0) throw error;
      throw new ReportRefused(error.message, mayBeTakenLater(error.code));
    }
  };
}

function mayBeTakenLater(code: number): boolean {
  const settling = performance.now() < RIGHTS_SETTLE_MS && code === 403;
  return settling || code === 401 || code === 409 || code === 429 || code >= 500;
}
