import { isRecord } from '@backendai-e2e/kube/is-record';

/** Name of our entry in the engine's list of runtimes. */
const BOUNDED_RUNTIME = 'backendai-e2e-bounded';

/**
 * The engine's daemon.json with our runtime added and made the default; everything else stays as it was.
 * @param current text of the present file, or undefined where there is none
 * @returns the new text, or undefined where nothing has to change
 * @throws Error when the present text is no JSON object, or names another default runtime
 */
export function withBoundedRuntime(current: string | undefined, wrapperPath: string): string | undefined {
  const before = parseObject(current ?? '{}');
  const fallback = before['default-runtime'];
  if (fallback !== undefined && fallback !== 'runc' && fallback !== BOUNDED_RUNTIME) {
    throw new Error(`daemon.json already names the default runtime ${JSON.stringify(fallback)}`);
  }
  const runtimes = before.runtimes;
  const after = {
    ...before,
    runtimes: { ...(isRecord(runtimes) ? runtimes : {}), [BOUNDED_RUNTIME]: { path: wrapperPath } },
    'default-runtime': BOUNDED_RUNTIME,
  };
  return JSON.stringify(after) === JSON.stringify(before) ? undefined : `${JSON.stringify(after, null, 2)}\n`;
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text.trim() === '' ? '{}' : text);
  } catch (error) {
    throw new Error('daemon.json is no JSON', { cause: error });
  }
  if (!isRecord(value)) throw new Error('daemon.json is no JSON object');
  return value;
}
