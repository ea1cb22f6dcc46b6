import { type InstalledBuild, releaseParts } from '@backendai-e2e/api/release';
import { RELEASE_RECORD_CONTAINER } from '@backendai-e2e/api/test-environment';
import type { Pod } from '@backendai-e2e/kube/builtin-resources';
import { isRecord } from '@backendai-e2e/kube/is-record';

/**
 * What is installed as a component. The first container of its newest pod says it in its termination message. It reads the
 * image that the pod itself runs. The message is JSON: component → version, commit and whether the sources were edited.
 * @param pods of the component, newest first
 * @returns undefined where no pod says it, or in another form: the message is a program's output and may hold anything
 */
export function installedBuild(component: string, pods: readonly Pod[]): InstalledBuild | undefined {
  for (const { status } of pods) {
    const said = status?.initContainerStatuses?.find(({ name }) => name === RELEASE_RECORD_CONTAINER);
    const message = said?.state?.terminated?.message;
    const build = message === undefined ? undefined : readRecord(message, component);
    if (build) return build;
  }
  return undefined;
}

function readRecord(message: string, component: string): InstalledBuild | undefined {
  let record: unknown;
  try {
    record = JSON.parse(message);
  } catch {
    // Cut off, or of another program: it says nothing.
    return undefined;
  }
  const build: unknown = isRecord(record) ? new Map(Object.entries(record)).get(component) : undefined;
  if (!isRecord(build)) return undefined;
  const { version, commit, modified } = build;
  if (typeof version !== 'string' || version.length > LONGEST_VERSION || !releaseParts(version))
    return undefined;
  return {
    version,
    ...(typeof commit === 'string' && /^[0-9a-f]{40,64}$/.test(commit) ? { commit } : {}),
    ...(typeof modified === 'boolean' ? { modified } : {}),
  };
}

/** Characters: "26.10.0.dev0+gc0032c47" has 22. */
const LONGEST_VERSION = 40;
