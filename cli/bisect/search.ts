import { answerInWords, type Lines, nextStep, type Step } from './bisection.ts';
import { type Point, pointInWords } from './builds.ts';
import { colorsOf, type TriedPoint } from './tried.ts';

/** What a search does besides deciding. */
export interface SearchEffects {
  /** Runs the tests on a point; undefined after an interruption. */
  tryPoint(point: Point): Promise<TriedPoint | undefined>;
  /** Reads what the bisection needs to know next. */
  read(step: Extract<Step, { do: 'read' }>): Promise<Partial<Lines>>;
  /** Keeps all trials for a later call. */
  keep(tried: readonly TriedPoint[]): Promise<void>;
  print(line: string): void;
}

/** The end of a search, with all trials of its tests. */
export interface SearchEnd {
  step: Extract<Step, { do: 'end' }>;
  answer: string;
  tried: readonly TriedPoint[];
}

/**
 * Does one step of a bisection after the other until it ends. Undefined after an interruption: what was tried is kept.
 * @param earlier trials of earlier calls, also of other tests
 * @param question the tests: see questionOf
 */
export async function search(
  start: Lines,
  earlier: readonly TriedPoint[],
  question: string,
  effects: SearchEffects,
): Promise<SearchEnd | undefined> {
  let lines = start;
  let tried = [...earlier];
  for (;;) {
    const step = nextStep(lines, colorsOf(tried, question));
    if (step.do === 'end') {
      const own = tried.filter((one) => one.question === question);
      return { step, answer: answerInWords(step), tried: own };
    }
    if (step.do === 'read') {
      lines = { ...lines, ...(await effects.read(step)) };
      continue;
    }
    const name = pointInWords(step.point);
    effects.print(`bisect: ${name}; at most ${step.left} more in this line`);
    const one = await effects.tryPoint(step.point);
    if (one === undefined) return undefined;
    effects.print(`bisect: ${name} is ${one.color}: ${one.said}`);
    tried = [...tried.filter(({ key, question: other }) => key !== one.key || other !== question), one];
    await effects.keep(tried);
  }
}
