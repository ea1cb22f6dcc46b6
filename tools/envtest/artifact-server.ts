import { FolderStore } from '@backendai-e2e/operator/artifacts/server/folder-backend';
import { Keeper } from '@backendai-e2e/operator/artifacts/server/server';
import type { ArtifactServerAccess } from '@backendai-e2e/operator/artifacts/server-client';
import { quietLog } from './quiet-log.ts';
import { serviceTo } from './service-to.ts';
import type { Stage } from './test-environment.ts';

const TOKEN = 'a-token-of-the-tests';
/** As charts/e2e-operator calls it. */
const NAME = 'backendai-e2e-artifacts';

/** A keeper on a folder, which the API server of a stage reaches as a Service. */
export interface StagedKeeper {
  /** What the operator is started with. */
  access: ArtifactServerAccess;
  token: string;
  /** Name of the Service with its port, as rights name it. */
  service: string;
  stop(): Promise<void>;
}

/** Starts it in this process. */
export async function startKeeper({ client, namespace }: Stage, folder: string): Promise<StagedKeeper> {
  const store = new FolderStore(folder);
  await store.open();
  const keeper = new Keeper({ store, token: TOKEN, port: 0, log: quietLog() });
  const port = await keeper.start();
  await serviceTo(client, { namespace, name: NAME }, port);
  const service = `${NAME}:http`;
  return {
    access: { service: `${namespace}/${service}`, url: `http://127.0.0.1:${port}`, token: () => TOKEN },
    token: TOKEN,
    service,
    stop: () => keeper.stop(),
  };
}
