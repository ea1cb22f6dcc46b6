import { setTimeout as delay } from 'node:timers/promises';
import {
  ARTIFACT_TOKEN_HEADER,
  ARTIFACTS_PATH,
  type ArtifactPlace,
  HISTORY_REPORT,
} from '@backendai-e2e/api/artifact-key';
import { ApiError } from '@backendai-e2e/kube/api-error';
import { corePath } from '@backendai-e2e/kube/request';
import type { RestApi } from '@backendai-e2e/kube/rest-client';
import { STAGING } from './names.ts';

/** What is read of the artifact server's Deployment. */
interface ArtifactServerDeployment {
  spec: {
    template: {
      spec: {
        containers: {
          env?: {
            name: string;
            value?: string;
            valueFrom?: { secretKeyRef?: { name: string; key: string } };
          }[];
        }[];
      };
    };
  };
}

const LOOK_MS = 500;

/**
 * Waits until the operator has removed the artifacts of deleted runs from a bucket, which would outlive the release. Those on a
 * volume of the artifact server go with it. The history of runs is meant to stay. Resolves to what is left after the deadline, a line. Only the signal rejects.
 */
export async function untilSwept(
  client: Pick<RestApi, 'get' | 'bytes'>,
  namespace: string,
  { signal, deadlineMs }: { signal: AbortSignal; deadlineMs: number },
): Promise<string[]> {
  const [name = ''] = STAGING.artifactService.split(':');
  const until = performance.now() + deadlineMs;
  let bucket = '';
  let left = '';
  try {
    const at = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
    const artifactServer = await client.get<ArtifactServerDeployment>(at, {}, signal);
    const variables = artifactServer.spec.template.spec.containers.flatMap(({ env = [] }) => env);
    bucket = variables.find((each) => each.name === 'E2E_ARTIFACTS_S3_BUCKET')?.value ?? '';
    const secret = variables.find((each) => each.name === 'E2E_ARTIFACTS_TOKEN')?.valueFrom?.secretKeyRef;
    if (bucket === '' || !secret) return [];
    const held = await client.get<{ data?: Record<string, string> }>(
      corePath(namespace, 'secrets', secret.name),
      {},
      signal,
    );
    const token = Buffer.from(held.data?.[secret.key] ?? '', 'base64').toString();
    const list = `${corePath(namespace, 'services', STAGING.artifactService, 'proxy')}${ARTIFACTS_PATH}/${namespace}`;
    for (;;) {
      const answer = await client.bytes(list, signal, { [ARTIFACT_TOKEN_HEADER]: token });
      const listed: { place: ArtifactPlace }[] = JSON.parse(answer.toString());
      const found = listed.filter(({ place }) => place.report !== HISTORY_REPORT);
      if (found.length === 0) return [];
      left = `${found.length} artifacts in the bucket ${bucket}`;
      if (performance.now() > until) return [left];
      await delay(LOOK_MS, undefined, { signal });
    }
  } catch (error) {
    signal.throwIfAborted();
    // No artifact server: the release was installed without one, or is gone already.
    if (error instanceof ApiError && error.code === 404 && bucket === '') return [];
    const why = error instanceof Error ? error.message : String(error);
    return [`${left || `whatever artifacts are in the bucket ${bucket}`} (${why})`];
  }
}
