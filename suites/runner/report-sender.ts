import { API_VERSION, FIELD_MANAGERS, GROUP, KINDS, VERSION } from '@backendai-e2e/api/group';
import type { TestReportStatus } from '@backendai-e2e/api/test-report';
import { applyBody } from '@backendai-e2e/kube/apply-body';
import { PodConnection } from '@backendai-e2e/kube/pod-connection';
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

/** Writes a TestReport's status by server-side apply, over one kept-alive connection. */
export function statusSender(target: ReportTarget): SendStatus {
  const { server, namespace, name } = target;
  const kind = KINDS.TestReport;
  const path =
    `/apis/${GROUP}/${VERSION}/namespaces/${namespace}/${kind.plural}/${name}/status` +
    `?fieldManager=${FIELD_MANAGERS.runner}&force=true`;
  const connection = new PodConnection(server, 1);
  return async (status) => {
    const text = applyBody({
      apiVersion: API_VERSION,
      kind: kind.kind,
      metadata: { name, namespace },
      status,
    });
    const answer = await connection.send('PATCH', path, { type: 'application/apply-patch+yaml', text });
    if (answer.code >= 200 && answer.code < 300) return;
    const settling = performance.now() < RIGHTS_SETTLE_MS && answer.code === 403;
    const busy = answer.code === 409 || answer.code === 429 || answer.code >= 500;
    const retry = busy || settling || answer.code === 401;
    throw new ReportRefused(
      `the API server answered ${answer.code} to the report ${namespace}/${name}: ${answer.text.slice(0, 500)}`,
      retry,
    );
  };
}
