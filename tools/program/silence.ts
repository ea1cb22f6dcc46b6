import type { Readable } from 'node:stream';

/** What `endOnSilence` uses of the timers of Node.js. */
export interface Timers {
  set: (expired: () => void, ms: number) => NodeJS.Timeout;
  clear: (timer: NodeJS.Timeout) => void;
}

const TIMERS: Timers = { set: setTimeout, clear: clearTimeout };

/**
 * Calls back once when the output has been silent for a time. A program that a busy machine slows down still prints, so it has
 * as much time as it needs. Returns a function that stops the wait; the end of the output stops it, too.
 * @param ms milliseconds without output
 */
export function endOnSilence(
  output: Readable,
  ms: number,
  silent: () => void,
  timers: Timers = TIMERS,
): () => void {
  let timer = timers.set(silent, ms);
  const heard = () => {
    timers.clear(timer);
    timer = timers.set(silent, ms);
  };
  const stop = () => {
    output.off('data', heard);
    timers.clear(timer);
  };
  output.on('data', heard).once('end', stop);
  return stop;
}
