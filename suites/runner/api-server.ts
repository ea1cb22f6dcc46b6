import http from 'node:http';
import https from 'node:https';
import { API_VERSION, FIELD_MANAGERS, GROUP, KINDS, VERSION } from '../../operator/api/group.ts';
import type { TestReportStatus } from '../../operator/api/test-report.ts';
import type { ReportTarget } from './settings.ts';

/** One request to the API server may take this long, milliseconds. */
const REQUEST_MS = 5_000;

/**
 * The operator does not wait for the attempt's rights before it makes the Job: a refusal this soon after the start of the
 * process, milliseconds, may only mean that the API server has not heard of them yet.
 */
const RIGHTS_SETTLE_MS = 10_000;

/** The API server refused a report. `retry` says whether the same request may succeed later. */
export class ReportRefused extends Error {
  override name = 'ReportRefused';
  readonly retry: boolean;
  constructor(message: string, retry: boolean) {
    super(message);
    this.retry = retry;
  }
}

/** Writes a whole status; rejects with {@link ReportRefused} or with the error of the connection. */
export type SendStatus = (status: TestReportStatus) => Promise<void>;

/**
 * Server-side apply of a TestReport's status over one kept-alive connection. Plain HTTP on purpose: a Kubernetes
 * client library would cost half a second and 120 MB at every start of a suite.
 * The body is JSON, which is YAML too; the API server takes it as application/apply-patch+yaml.
 */
export function statusSender(target: ReportTarget): SendStatus {
  const { server, namespace, name } = target;
  const secure = server.url.startsWith('https:');
  const kind = KINDS.TestReport;
  const path = `/apis/${GROUP}/${VERSION}/namespaces/${namespace}/${kind.plural}/${name}/status`;
  const url = new URL(`${path}?fieldManager=${FIELD_MANAGERS.runner}&force=true`, server.url);
  const agent = secure
    ? new https.Agent({ keepAlive: true, maxSockets: 1, ca: server.ca })
    : new http.Agent({ keepAlive: true, maxSockets: 1 });
  return async (status) => {
    const body = JSON.stringify({
      apiVersion: API_VERSION,
      kind: kind.kind,
      metadata: { name, namespace },
      status,
    });
    const answer = await request(url, secure, agent, body, server.token?.());
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

interface Answer {
  code: number;
  text: string;
}

function request(
  url: URL,
  secure: boolean,
  agent: http.Agent,
  body: string,
  token: string | undefined,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = (secure ? https : http).request(url, {
      method: 'PATCH',
      agent,
      signal: AbortSignal.timeout(REQUEST_MS),
      headers: {
        'content-type': 'application/apply-patch+yaml',
        accept: 'application/json',
        'content-length': Buffer.byteLength(body),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      },
    });
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.once('error', reject);
      incoming.once('end', () =>
        resolve({ code: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      );
    });
    outgoing.end(body);
  });
}
