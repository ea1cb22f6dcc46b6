/**
 * Waits for a look at a file or folder. Resolves to undefined where it does not exist. Rejects for any other trouble, such as a
 * missing right: that must not look like an empty result.
 */
export async function unlessMissing<T>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
