import { setTimeout as delay } from 'node:timers/promises';
import { command } from '../machine/command.ts';
import type { Provision } from '../machine/provision.ts';

/** A measurement of the operator's memory that goes on. */
export interface MemoryWatch {
  /** Ends the watch. Returns the highest value seen in bytes, undefined when none could be read. */
  stop(): Promise<number | undefined>;
}

/** Pause between two readings: docker stats itself takes about two seconds. */
const PAUSE_MS = 5_000;

/**
 * Watches the memory of a kind node by `docker stats`, without the page cache, which the kernel's own peak counts. A failed
 * reading is skipped: the figure is for the report and decides nothing.
 */
export function watchNodeMemory(container: string, p: Provision): MemoryWatch {
  const stopped = new AbortController();
  const signal = AbortSignal.any([p.signal, stopped.signal]);
  let peak: number | undefined;
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      const args = ['stats', '--no-stream', '--format', '{{.MemUsage}}', container];
      // The figure decides nothing: a look that fails is left out.
      const line = await command(p, 'docker', args, { signal }).catch(() => '');
      const bytes = parseMemoryUsage(line);
      if (bytes !== undefined) peak = Math.max(peak ?? 0, bytes);
      // Rejects on the abort, which ends the loop.
      await delay(PAUSE_MS, undefined, { signal }).catch(() => {});
    }
  };
  const running = loop();
  return {
    stop: async () => {
      stopped.abort();
      await running;
      return peak;
    },
  };
}

const UNITS: Record<string, number> = {
  B: 1,
  kB: 1e3,
  KiB: 2 ** 10,
  MB: 1e6,
  MiB: 2 ** 20,
  GB: 1e9,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** Bytes of a line of docker stats, "3.172GiB / 23.47GiB"; undefined for any other text. */
export function parseMemoryUsage(line: string): number | undefined {
  const found = /^\s*([\d.]+)\s*([A-Za-z]+)\s*\//.exec(line);
  const unit = UNITS[found?.[2] ?? ''];
  return found && unit ? Math.round(Number(found[1]) * unit) : undefined;
}
