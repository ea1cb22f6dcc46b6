import { COMPONENTS, type Component } from '@backendai-e2e/api/components';
import { REQUIREMENTS } from './checkout.ts';

/** Folders below src/ai/backend, and the components that run their code. Code that is not here may be anyone's. */
const OWNERS: Readonly<Record<string, readonly Component[]>> = {
  manager: ['manager'],
  agent: ['agent'],
  kernel: ['agent'],
  runner: ['agent'],
  helpers: ['agent'],
  accelerator: ['agent'],
  storage: ['storage-proxy'],
  web: ['webserver'],
  'appproxy/coordinator': ['appproxy-coordinator'],
  'appproxy/worker': ['appproxy-worker'],
  'appproxy/common': ['appproxy-coordinator', 'appproxy-worker'],
};
const SOURCE = /^src\/ai\/backend\/((?:appproxy\/)?[^/]+)\//;

/**
 * The components whose code a change touches, in their order. Everything else of a checkout, such as its tests, is no
 * component's.
 * @param paths relative to the checkout
 */
export function componentsOf(paths: readonly string[]): Component[] {
  const touched = new Set(
    paths.flatMap((path): readonly Component[] => {
      if (path === REQUIREMENTS) return COMPONENTS;
      const folder = SOURCE.exec(path)?.[1];
      if (folder === undefined) return path.startsWith('src/ai/backend/') ? COMPONENTS : [];
      return OWNERS[folder] ?? COMPONENTS;
    }),
  );
  return COMPONENTS.filter((component) => touched.has(component));
}
