import { crdFiles } from '../../crds/files.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

let shared: Promise<ControlPlane> | undefined;

/**
 * Returns the control plane of this process, with a controller manager and the project's CRDs. The first call starts it.
 * A Mocha process or, with --parallel, each of its workers runs one file at a time. So files use it one after another:
 *
 * - A file uses namespaces of its own. It may leave them: the control plane ends with the process.
 * - A file may stop or pause the API server or etcd. It restores them before it ends.
 * - A file that needs other CRDs, users or options starts a control plane of its own with startControlPlane().
 *
 * Replaces a control plane that no longer answers. Rejects when none starts, and the next call tries again.
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
