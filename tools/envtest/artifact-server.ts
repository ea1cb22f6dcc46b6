import { FolderStore } from '@backendai-e2e/operator/artifacts/server/folder-backend';
import { ArtifactServer } from '@backendai-e2e/operator/artifacts/server/server';
import type { ArtifactServerAccess } from '@backendai-e2e/operator/artifacts/server-client';
import { quietLog } from './quiet-log.ts';
import { serviceTo } from './service-to.ts';
import type { Stage } from './test-environment.ts';

const TOKEN = 'a-token-of-the-tests';
/** As charts/e2e-operator calls it. */
const NAME = 'backendai-e2e-artifacts';

/** An artifact server on a folder, which the API server of a stage reaches as a Service. */
export interface StagedArtifactServer {
  /** What the operator is started with. */
  access: ArtifactServerAccess;
  token: string;
  /** Name of the Service with its port, as rights name it. */
  service: string;
  stop(): Promise<void>;
}

/** Starts it in this process. */
export async function startArtifactServer(
  { client, namespace }: Stage,
  folder: string,
): Promise<StagedArtifactServer> {
  const store = new FolderStore(folder);
  await store.open();
  const artifactServer = new ArtifactServer({ store, token: TOKEN, port: 0, log: quietLog() });
  const port = await artifactServer.start();
  await serviceTo(client, { namespace, name: NAME }, port);
  const service = `${NAME}:http`;
  return {
    access: { service: `${namespace}/${service}`, url: `http://127.0.0.1:${port}`, token: () => TOKEN },
    token: TOKEN,
    service,
    stop: () => artifactServer.stop(),
  };
}
