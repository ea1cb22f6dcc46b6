import { FolderBackend } from '@backendai-e2e/operator/artifacts/server/folder-backend';
import { ArtifactServer } from '@backendai-e2e/operator/artifacts/server/server';
import type { ArtifactServerAccess } from '@backendai-e2e/operator/artifacts/server-client';
import { quietLog } from '../doubles/quiet-log.ts';
import type { OperatorHarness } from '../operator/harness.ts';
import { TOKEN } from './artifact-client.ts';
import { createLocalService } from './local-service.ts';

/** The name that charts/e2e-operator gives it. */
const NAME = 'backendai-e2e-artifacts';

/** An artifact server on a folder. The API server reaches it as a Service. */
export interface RunningArtifactServer {
  /** The operator's option for this server. */
  access: ArtifactServerAccess;
  token: string;
  /** The Service and its port, as RBAC rules name it. */
  service: string;
  stop(): Promise<void>;
}

/** Starts an artifact server in this process. */
export async function startArtifactServer(
  { client, namespace }: OperatorHarness,
  folder: string,
  quotaBytes?: number,
): Promise<RunningArtifactServer> {
  const store = new FolderBackend(folder, quotaBytes);
  await store.open();
  const artifactServer = new ArtifactServer({ store, token: TOKEN, port: 0, log: quietLog() });
  const port = await artifactServer.start();
  await createLocalService(client, { namespace, name: NAME }, port);
  const service = `${NAME}:http`;
  return {
    access: { service: `${namespace}/${service}`, url: `http://127.0.0.1:${port}`, token: () => TOKEN },
    token: TOKEN,
    service,
    stop: () => artifactServer.stop(),
  };
}
