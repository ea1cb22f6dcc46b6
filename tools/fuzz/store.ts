import { ApiError, isAlreadyExists } from '@backendai-e2e/kube/api-error';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { KubeObject, Resource } from '@backendai-e2e/kube/object';
import { type UntilOptions, until } from '../envtest/waits/until.ts';
import type { FuzzedObject } from './objects.ts';
import { FUZZ } from './sentences.ts';

/** Characters of an answer that says what is wrong. */
const SENTENCE = 20;

/**
 * Whether the API server stored the object. It must refuse with a sentence. Some answers say nothing about the
 * object, for example that etcd timed out. The object is then sent again. Rejects when that does not end.
 */
export async function store(
  client: Pick<KubeClient, 'create' | 'applyStatus' | 'delete'>,
  resource: Resource<KubeObject>,
  { metadata, spec, status }: Omit<FuzzedObject, 'name'> & { metadata: { namespace: string; name: string } },
  waits: UntilOptions = { everyMs: 1_000 },
): Promise<boolean> {
  const answer = (what: string, ask: () => Promise<unknown>) =>
    until(
      `the API server stores or refuses ${what} of ${resource.kind} ${metadata.name}: ${JSON.stringify({ spec, status })}`,
      async () => {
        try {
          await ask();
          return 'stored';
        } catch (error) {
          // The answer to an earlier try was lost.
          if (isAlreadyExists(error)) return 'stored';
          if (isAboutTheObject(error) && error.message.length >= SENTENCE) return 'refused';
          throw error;
        }
      },
      waits,
    );
  // The casts: the kind is any of five.
  if ((await answer('the spec', () => client.create(resource, { metadata, spec } as never))) === 'refused')
    return false;
  if (!status) return true;
  const written = await answer('the status', () =>
    client.applyStatus(resource, { metadata, status } as never, { fieldManager: FUZZ, force: true }),
  );
  if (written === 'refused') await client.delete(resource, metadata);
  return written === 'stored';
}

/** Whether an error blames the object, and not the server or the way to it. */
function isAboutTheObject(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code >= 400 && error.code < 500 && error.code !== 429;
}
