import { createLog } from '@backendai-e2e/controller/log';
import { stopSignal } from '@backendai-e2e/controller/manager';
import type { StorageBackend } from './backend.ts';
import { FolderBackend } from './folder-backend.ts';
import { ArtifactServer } from './server.ts';
import { type ArtifactServerSettings, artifactServerSettings } from './settings.ts';

/**
 * The artifact server: a small server that alone touches the volume or the bucket. It has no rights in the cluster, and
 * the operator has no credentials of the bucket.
 */
const log = createLog({
  name: 'backendai-e2e-artifacts',
  level: process.env.E2E_ARTIFACTS_LOG_LEVEL || 'info',
});

async function openBackend({ store }: ArtifactServerSettings): Promise<StorageBackend> {
  if (store.kind === 'folder') {
    const folder = new FolderBackend(store.folder, store.quotaBytes);
    await folder.open();
    return folder;
  }
  // Imported on use: with a volume, the memory and start-up time of the SDK are saved.
  const { S3Backend } = await import('./s3-backend.ts');
  return new S3Backend(store.s3, store.installation);
}

try {
  const settings = artifactServerSettings(process.env);
  const store = await openBackend(settings);
  const artifactServer = new ArtifactServer({ store, token: settings.token, port: settings.port, log });
  const port = await artifactServer.start();
  log.info({ port, store: store.what }, 'keeping artifacts');
  const signal = stopSignal(log);
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  await artifactServer.stop();
  process.exit(0);
} catch (error) {
  log.fatal({ err: error }, 'the artifact server failed');
  process.exitCode = 1;
}
