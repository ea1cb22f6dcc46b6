import { FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { TEST_REPORTS } from '@backendai-e2e/api/resources';
import type { TestReportStatus } from '@backendai-e2e/api/test-report';
import { ApiError, lacksRights } from '@backendai-e2e/kube/api-error';
import { KubeClient } from '@backendai-e2e/kube/client';
import type { ReportTarget } from './settings.ts';

/**
 * The API server refused a report. `retry`: the same request may succeed later. `rights`: the account has no right to it, or none
 * yet. The operator does not wait until the API server knows the right before it creates the Job.
 */
export class ReportRefused extends Error {
  override name = 'ReportRefused';
  readonly retry: boolean;
  readonly rights: boolean;
  constructor(message: string, retry: boolean, rights = false) {
    super(message);
    this.retry = retry;
    this.rights = rights;
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
      throw new ReportRefused(error.message, mayBeTakenLater(error.code), lacksRights(error));
    }
  };
}

function mayBeTakenLater(code: number): boolean {
  return code === 401 || code === 403 || code === 409 || code === 429 || code >= 500;
}
