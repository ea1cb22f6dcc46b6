import { crdFiles } from '../crds/files.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

let shared: Promise<ControlPlane> | undefined;

/**
 * The control plane of this process, with a controller manager and our CRDs. The first call starts it. Mocha runs one file at
 * a time in a process (with --parallel, in each worker), so the files share it one after another:
 *
 * - A file uses namespaces of its own, and leaves them: the control plane ends with the process.
 * - A file may stop and pause the API server or etcd, and puts that right before it ends.
 * - A file that needs other CRDs, users or start options starts a control plane of its own (startControlPlane).
 *
 * Rejects when it cannot be started; the next call tries again. A control plane that no longer answers is replaced.
 */
export async function sharedControlPlane(): Promise<ControlPlane> {
  const found = await shared?.catch(() => undefined);
  if (found && (await found.works())) return found;
  await found?.end();
  shared = startControlPlane({
    controllerManager: true,
    manifests: crdFiles().map(({ content }) => content),
    shared: true,
  });
  return shared;
}
