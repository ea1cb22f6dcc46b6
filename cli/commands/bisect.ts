import path from 'node:path';
import { compareReleases } from '@backendai-e2e/api/release';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { releaseBelow } from '../backend-ai/checkout.ts';
import { readChoice } from '../backend-ai/choice.ts';
import { askedRelease, chooseRelease } from '../backend-ai/release.ts';
import { answerInWords, type Lines, nextStep, type Step } from '../bisect/bisection.ts';
import {
  type Build,
  buildInWords,
  isLasting,
  keyOf,
  type Point,
  pointInWords,
  releaseLine,
} from '../bisect/builds.ts';
import { mixedValue } from '../bisect/culprits.ts';
import {
  addCopy,
  type CheckoutHead,
  commitsSince,
  headBuild,
  readHead,
  refuseOtherDatabase,
  removeCopy,
  touchedBetween,
} from '../bisect/history.ts';
import { search } from '../bisect/search.ts';
import { colorsOf, questionOf, readTried, type TriedPoint, writeTried } from '../bisect/tried.ts';
import { listReleases } from '../images/releases.ts';
import { ensureEngine } from '../machine/engine.ts';
import { PROJECT_ROOT, type Provision, ProvisionError } from '../machine/provision.ts';
import { endingOfError, lastLine } from '../runs/ending.ts';
import { isInterrupted, sightOfTrial } from '../series/trial.ts';
import { table } from '../terminal/table.ts';
import { checkTests, kindTrial, type TrialTests } from './kind-trial.ts';
import { provided } from './provided.ts';

/** Where trials and their results go, relative to the checkout of this project. */
const OUT = 'out/bisect';
const TRIED = path.join(PROJECT_ROOT, OUT, 'tried.json');

/** Exit codes that `git bisect run` reads: it skips after 125, and ends after a code above 127. */
const GIT = { good: 0, bad: 1, skip: 125, stop: 128 } as const;

/** What a user chooses of `e2e bisect`. */
export interface BisectChoice extends TrialTests {
  /** A release on which the tests pass. */
  good: string;
  /** A later release or a checkout on which one fails. */
  bad: string;
  /** Forget what earlier calls tried. */
  again: boolean;
  /** Print the plan, and deploy nothing. */
  dryRun: boolean;
}

/**
 * `e2e bisect`: finds the release, the commit and the component since which tests are red. Keeps each trial in
 * out/bisect/tried.json. Returns 0 with an answer, 1 without one, 2 when the command could not run.
 */
export async function bisectCommand({ good, bad, again, dryRun, ...tests }: BisectChoice): Promise<number> {
  try {
    await checkTests(tests);
    const { builds, head } = await provided((p) => readEnds(good, bad, p));
    if (tests.reuse) await provided((p) => refuseOtherDatabase(builds, head, p));
    const lines: Lines = { builds };
    const tried = again ? [] : await readTried(TRIED);
    if (dryRun) {
      console.log(planned(lines, nextStep(lines, colorsOf(tried, questionOf(tests)))).join('\n'));
      return COMMAND_EXIT.passed;
    }
    const question = questionOf(tests);
    const end = await search(lines, tried, question, {
      tryPoint: (point) => tryPoint(point, head, tests, question),
      read: (step) => provided((p) => readMore(step, head, p)),
      keep: (all) => writeTried(TRIED, all),
      print: (line) => console.log(line),
    });
    if (!end) return COMMAND_EXIT.interrupted;
    console.log([...evidence(end.tried), '', end.answer].join('\n'));
    return 'found' in end.step ? COMMAND_EXIT.passed : COMMAND_EXIT.failed;
  } catch (error) {
    const ending = endingOfError(error);
    console.error(lastLine(ending));
    return ending.code;
  }
}

/** `e2e bisect --trial`: one Backend.AI, for `git bisect run`. Returns 0, 1, 125, or 128 for wrong options. */
export async function trialCommand(backendAi: string, tests: TrialTests): Promise<number> {
  try {
    await checkTests(tests);
  } catch (error) {
    console.error(endingOfError(error).sentence);
    return GIT.stop;
  }
  const trial = await kindTrial(backendAi, tests, path.join(OUT, 'trial'));
  if (isInterrupted(trial)) return COMMAND_EXIT.interrupted;
  const { color, said } = sightOfTrial(trial);
  console.log(`${backendAi} is ${color}: ${said}`);
  return { green: GIT.good, red: GIT.bad, unknown: GIT.skip }[color];
}

/** Runs the tests on a point; undefined after an interruption. */
async function tryPoint(
  point: Point,
  head: CheckoutHead | undefined,
  tests: TrialTests,
  question: string,
): Promise<TriedPoint | undefined> {
  const key = keyOf(point);
  const folder = path.join(OUT, key.replace(/[^\w.-]+/g, '-').slice(0, 100));
  const trial = await withValue(point, head, (value) => kindTrial(value, tests, folder));
  if (isInterrupted(trial)) return undefined;
  const lasting = isLasting(point);
  return { question, key, ...sightOfTrial(trial), met: trial.met, folder, ...(lasting ? {} : { lasting }) };
}

/** Makes the value of --backend-ai that means a point, for as long as `body` runs. */
function withValue<T>(
  point: Point,
  head: CheckoutHead | undefined,
  body: (value: string) => Promise<T>,
): Promise<T> {
  if ('build' in point) return withBuild(point.build, head, body);
  return withBuild(point.others, head, (others) =>
    withBuild(point.of, head, (of) => body(mixedValue(point.component, of, others))),
  );
}

async function withBuild<T>(
  build: Build,
  head: CheckoutHead | undefined,
  body: (value: string) => Promise<T>,
): Promise<T> {
  if (build.kind === 'release') return body(build.version);
  if (build.kind === 'edits') return body(build.folder);
  if (!head) throw new Error(`commit ${build.hash} belongs to no checkout`);
  // Not under one provision: a trial handles interruptions itself.
  const copy = await provided((p) => addCopy(head.folder, build.hash, p));
  try {
    return await body(copy);
  } finally {
    await removeCopy(copy);
  }
}

/** Reads what the bisection needs to know next. */
async function readMore(
  { what, green, red }: Extract<Step, { do: 'read' }>,
  head: CheckoutHead | undefined,
  p: Provision,
): Promise<Partial<Lines>> {
  if (what === 'touched') return { touched: await touchedBetween(green, red, head?.folder, p) };
  if (!head || green.kind !== 'release') return { commits: [red] };
  const commits = await commitsSince(green.version, head, p);
  return { commits: commits.length > 0 ? commits : [red] };
}

/** The releases from good to bad, and the checkout where bad is one. */
async function readEnds(
  good: string,
  bad: string,
  p: Provision,
): Promise<{ builds: Build[]; head?: CheckoutHead }> {
  const askedGood = askedRelease(good);
  if (!askedGood) {
    throw new ProvisionError(`--good is "${good}", which is no release.`, 'Name a release, such as 26.9.0.');
  }
  const choice = await readChoice(bad, p);
  await ensureEngine(p);
  const published = await listReleases(p);
  const first = chooseRelease(askedGood, published);
  const builds = (versions: readonly string[]): Build[] =>
    versions.map((version) => ({ kind: 'release', version }));
  if (choice.kind === 'checkout') {
    const head = await readHead(choice.folder, choice.modified === true, p);
    const below = releaseBelow(choice.version, published);
    const releases = compareReleases(first, below) < 0 ? releaseLine(first, below, published) : [first];
    return { builds: [...builds(releases), headBuild(head)], head };
  }
  const askedBad = askedRelease(bad);
  if (!askedBad) {
    throw new ProvisionError(
      `--bad is "${bad}", which is neither a release nor a checkout.`,
      'Name a release, or a git checkout of Backend.AI.',
    );
  }
  const last = chooseRelease(askedBad, published);
  if (compareReleases(first, last) < 0) return { builds: builds(releaseLine(first, last, published)) };
  throw new ProvisionError(
    `--good (${first}) does not come before --bad (${last}).`,
    'Give the earlier release to --good. The search is for what broke, not for what repaired.',
  );
}

function planned({ builds }: Lines, step: Step): string[] {
  const checkout =
    builds.at(-1)?.kind === 'release'
      ? []
      : ['then the commits of the checkout since the last green release'];
  const next =
    step.do === 'try'
      ? [`next: ${pointInWords(step.point)}; at most ${step.left} more in this line`]
      : [
          step.do === 'end'
            ? answerInWords(step)
            : `next: read the ${step.what} between two builds that were tried`,
        ];
  return [
    `from good to bad: ${builds.map(buildInWords).join(', ')}`,
    ...checkout,
    'then the components that the change touches, one beside the others of the green build',
    ...next,
    `trials are kept in ${OUT}/tried.json`,
  ];
}

function evidence(tried: readonly TriedPoint[]): string[] {
  const rows = tried.map(({ key, color, met, said, folder }) => [key, color, met, said, folder]);
  return ['', ...table(['tried', 'result', 'tested', 'said', 'results'], rows)];
}
