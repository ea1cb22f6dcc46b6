/** What happens in the middle of a run. */
export const DISTURBANCES = [
  'calm',
  'kill',
  'refusals',
  'cut watches',
  'etcd stops',
  'API server restarts',
  'no artifacts',
  'clock',
  'fault',
] as const;
export type Disturbance = (typeof DISTURBANCES)[number];

/** Rounds until memory and handles are compared with what follows. */
export const WARM_UP = 5;
/** Growth of the heap in MiB that is no leak: caches and compiled code. */
const HEAP_MIB = 48;
/** Growth of the number of handles that is no leak: idle connections. */
const HANDLES = 40;

/** The figures of a soak. */
export interface SoakResult {
  seed: number;
  seconds: number;
  runs: number;
  cancelled: number;
  /** Attempts that reported. */
  attempts: number;
  faults: number;
  disturbances: Record<Disturbance, number>;
  /** Lost, doubled or wrong results, and what is left at the end. Empty: everything is right. */
  problems: string[];
  heapMiB: { before: number; after: number };
  handles: { before: number; after: number };
}

/** The result of a soak that has not begun. */
export function emptyResult(seed: number): SoakResult {
  // The cast: Object.fromEntries forgets the names.
  const disturbances = Object.fromEntries(DISTURBANCES.map((name) => [name, 0])) as Record<
    Disturbance,
    number
  >;
  return {
    ...{ seed, seconds: 0, runs: 0, cancelled: 0, attempts: 0, faults: 0, disturbances, problems: [] },
    ...{ heapMiB: { before: 0, after: 0 }, handles: { before: 0, after: 0 } },
  };
}

/** Growth that is a leak, a sentence each. None after too few runs. */
export function leaksOf({ runs, heapMiB, handles }: SoakResult): string[] {
  if (runs <= WARM_UP) return [];
  return [
    ...(heapMiB.after - heapMiB.before > HEAP_MIB
      ? [`the heap grew from ${heapMiB.before} to ${heapMiB.after} MiB`]
      : []),
    ...(handles.after - handles.before > HANDLES
      ? [`the handles grew from ${handles.before} to ${handles.after}`]
      : []),
  ];
}

/** Size of the heap, after a collection where the process allows one (--expose-gc). */
export function heapMiB(): number {
  globalThis.gc?.();
  return Math.round(process.memoryUsage().heapUsed / 2 ** 20);
}

/** Sockets, timers and other open handles of the process. */
export function handles(): number {
  return process.getActiveResourcesInfo().length;
}

/** The figures as lines. */
export function inWords(result: SoakResult): string[] {
  const { seed, seconds, runs, cancelled, attempts, faults, problems } = result;
  const caused = Object.entries(result.disturbances).map(([name, count]) => `${name} ${count}`);
  const [heap, open] = [result.heapMiB, result.handles];
  return [
    `seed ${seed}: ${runs} runs (${cancelled} cancelled), ${attempts} reported attempts, ${faults} faults in ${seconds} s`,
    `disturbances: ${caused.join(', ')}`,
    `heap: ${heap.before} MiB after ${WARM_UP} runs, ${heap.after} MiB at the end; handles: ${open.before}, ${open.after}`,
    ...(problems.length === 0
      ? ['no result was lost or doubled, and nothing is left']
      : problems.map((problem) => `problem: ${problem}`)),
  ];
}
