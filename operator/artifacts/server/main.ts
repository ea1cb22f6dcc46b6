import { createLog } from '@backendai-e2e/controller/log';
import { stopSignal } from '@backendai-e2e/controller/manager';
import type { ArtifactStore } from './backend.ts';
import { FolderStore } from './folder-backend.ts';
import { Keeper } from './server.ts';
import { type KeeperSettings, keeperSettings } from './settings.ts';

/**
 * The keeper of artifacts: a small server that alone touches the volume or the bucket. It has no rights in the cluster, and
 * the operator has no credentials of the bucket.
 */
const log = createLog({ name: 'backendai-e2e-artifacts', level: process.env.E2E_KEEPER_LOG_LEVEL || 'info' });

async function openStore({ store }: KeeperSettings): Promise<ArtifactStore> {
  if (store.kind === 'folder') {
    const folder = new FolderStore(store.folder);
    await folder.open();
    return folder;
  }
  // Imported where it is used: the SDK takes memory and start-up time that a volume need not pay for.
  const { S3Store } = await import('./s3-backend.ts');
  return new S3Store(store.s3, store.installation);
}

try {
  const settings = keeperSettings(process.env);
  const store = await openStore(settings);
  const keeper = new Keeper({ store, token: settings.token, port: settings.port, log });
  const port = await keeper.start();
  log.info({ port, store: store.what }, 'keeping artifacts');
  const signal = stopSignal(log);
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  await keeper.stop();
  process.exit(0);
} catch (error) {
  log.fatal({ err: error }, 'the keeper could not go on');
  process.exitCode = 1;
}
