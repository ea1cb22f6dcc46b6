const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** A signal to a process group and to its make arrives twice within moments: that is one wish, not two. */
const SAME_WISH_MS = 700;

/** The reason of a signal that Ctrl-C, SIGTERM or SIGHUP aborted. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** What listens for signals: process, or a stand-in in a test. */
export interface SignalSource {
  on(signal: (typeof SIGNALS)[number], listener: (signal: string) => void): unknown;
  off(signal: (typeof SIGNALS)[number], listener: (signal: string) => void): unknown;
}

/** The user's interrupts as two signals: the first stops the work, the second the clean-up. */
export interface Interrupts {
  /** Aborted with Interrupted by the first Ctrl-C, SIGTERM or SIGHUP: stop the work, clean up. */
  readonly work: AbortSignal;
  /** Aborted by the second: stop cleaning up as well. */
  readonly cleanUp: AbortSignal;
  /** Stops listening. */
  dispose(): void;
}

/** Turns signals of the operating system into two abort signals, one for the work and one for its clean-up. */
export function onInterrupt(
  tell: (line: string) => void,
  source: SignalSource = process,
  now: () => number = () => performance.now(),
  /** The command that removes what an abandoned clean-up leaves. */
  remover = 'make down',
): Interrupts {
  const work = new AbortController();
  const cleanUp = new AbortController();
  let first: number | undefined;
  const listener = (signal: string): void => {
    if (first === undefined) {
      first = now();
      tell(`${signal}: stopping and cleaning up; a second signal leaves everything as it is`);
      work.abort(new Interrupted(`stopped by ${signal}`));
      return;
    }
    if (now() - first < SAME_WISH_MS) return;
    tell(`${signal}: clean-up abandoned; ${remover} removes what is left`);
    cleanUp.abort(new Interrupted(`clean-up stopped by ${signal}`));
  };
  for (const signal of SIGNALS) source.on(signal, listener);
  return {
    work: work.signal,
    cleanUp: cleanUp.signal,
    dispose: () => {
      for (const signal of SIGNALS) source.off(signal, listener);
    },
  };
}

/** An interruption that a further signal begins too, as the first Ctrl-C does. */
export function stoppedBy(other: AbortSignal | undefined, interruption: Interrupts): Interrupts {
  if (other === undefined) return interruption;
  return { ...interruption, work: AbortSignal.any([interruption.work, other]) };
}
