import { type ReleaseRange, whyNotApplicable } from '@backendai-e2e/api/release';

/** The deployment that tests run against, as its connection says. */
export interface Deployment {
  namespace: string;
  version: string;
}

/** Knows which tests apply to the deployment. A process has one. The runner sets the deployment before it loads suites. */
class Applicability {
  readonly #why = new WeakMap<object, string>();
  /** Undefined without a connection: every test applies. */
  deployment: Deployment | undefined;

  /** `it` and `describe` for what only these releases have. Elsewhere Mocha skips it, without its hooks. */
  within(range: ReleaseRange): Declared {
    const { namespace: where = '', version } = this.deployment ?? {};
    const why = whyNotApplicable('the test', range, { where, version });
    if (why === undefined) return { it, describe };
    const noted = <T extends object>(left: T): T => {
      this.#why.set(left, why);
      return left;
    };
    return {
      it: (title) => noted(it.skip(title)),
      // The cast: Mocha returns the suite that it skips, its types say "or nothing".
      describe: (title, body) => noted(describe.skip(title, body) as Mocha.Suite),
    };
  }

  /** Why a test does not apply, by its own range or that of a `describe` around it. Undefined: it applies. */
  whyNot(test: Mocha.Test): string | undefined {
    let at: Mocha.Test | Mocha.Suite | undefined = test;
    while (at && !this.#why.has(at)) at = at.parent;
    return at && this.#why.get(at);
  }
}

/** Mocha's functions of these names. */
export interface Declared {
  it(title: string, body: Mocha.Func | Mocha.AsyncFunc): Mocha.Test;
  describe(title: string, body: (this: Mocha.Suite) => void): Mocha.Suite;
}

export const applicability = new Applicability();

/**
 * Declares a test for some releases of Backend.AI. Where another one is installed, the test is reported as NotApplicable:
 * `releases({ since: '26.9.0' }).it('…', …)`. Use it where a release lacks what is tested, never for a wrong answer.
 */
export function releases(range: ReleaseRange): Declared {
  return applicability.within(range);
}
