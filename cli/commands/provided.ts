import { defaultCacheDir, type Provision } from '../machine/provision.ts';
import { onInterrupt } from '../terminal/interrupt.ts';

/** Gives `body` a provision that Ctrl-C aborts. For work between jobs, which handle interruptions themselves. */
export async function provided<T>(body: (p: Provision) => Promise<T>): Promise<T> {
  const tell = (line: string): void => console.log(line);
  const interruption = onInterrupt(tell);
  try {
    return await body({ log: tell, signal: interruption.work, cacheDir: defaultCacheDir() });
  } catch (error) {
    interruption.work.throwIfAborted();
    throw error;
  } finally {
    interruption.dispose();
  }
}
