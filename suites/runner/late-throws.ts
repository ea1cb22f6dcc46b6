import Mocha from 'mocha';

/** A body with a callback, as Mocha calls it. */
type Body = (this: Mocha.Context, done: Mocha.Done) => unknown;

/**
 * Reports errors that a test or a hook throws after it has called `done`. Mocha swallows them: the test counts as passed. The
 * runner learns of them as of a second call of `done`.
 */
export function reportLateThrows(): void {
  // The cast: Mocha's types have neither `async` nor the property `fn` of a runnable.
  const prototype = Mocha.Runnable.prototype as unknown as {
    run(this: Mocha.Runnable & { fn?: Body }, end: unknown): void;
  };
  const { run } = prototype;
  prototype.run = function (end) {
    const body = this.fn;
    // Only a body with a parameter gets `done`.
    if (typeof body !== 'function' || body.length === 0) return run.call(this, end);
    const emit = (error: unknown) => this.emit('error', error);
    this.fn = function (done) {
      let isDone = false;
      const noted = Object.assign((error?: unknown) => {
        isDone = true;
        done(error);
      }, done);
      try {
        return body.call(this, noted);
      } catch (error) {
        if (isDone) emit(error);
        throw error;
      }
    };
    try {
      run.call(this, end);
    } finally {
      this.fn = body;
    }
  };
}
