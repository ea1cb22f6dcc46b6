import { type InstalledBuild, installedBuildInWords } from '@backendai-e2e/api/release';
import type { RunFile } from '@backendai-e2e/results/run-file';
import { runRecord } from '@backendai-e2e/results/run-record';
import type { Defect } from '../defects/defect-list.ts';
import { judge } from '../defects/judge.ts';

/** What a run on changed sources must show. */
export interface Expected {
  build: InstalledBuild;
  /** The defect in the sources; undefined where the run must pass. */
  defect?: Defect;
}

/** Components whose version is that of the sources. */
const OF_BACKEND_AI = [
  'manager',
  'agent',
  'storage-proxy',
  'webserver',
  'appproxy-coordinator',
  'appproxy-worker',
];

/** What run.json shows otherwise than expected, a sentence each. Pure. */
export function surprisesOf(file: RunFile, { build, defect }: Expected): string[] {
  const run = runRecord(file);
  const wanted = installedBuildInWords(build);
  const tested = run.backendAi.join(', ');
  const components = file.tested?.environments[0]?.status?.components ?? [];
  const others = OF_BACKEND_AI.flatMap((name) => {
    const found = components.find((one) => one.name === name);
    // A component that an edit does not touch may keep an image of the commit without it.
    const isEdited = defect === undefined || defect.component === name;
    const is = found?.version === undefined ? 'unknown' : sayingOf(found, isEdited);
    const should = sayingOf(build, isEdited);
    return is === should ? [] : [`${name} is ${is}, not ${should}`];
  });
  const outcome = defect && judge(defect, new Map(run.suites.map(({ name, tests }) => [name, tests])));
  return [
    ...(tested === wanted ? [] : [`the run tested "${tested}", not "${wanted}"`]),
    ...others,
    ...(outcome && outcome.state !== 'caught' ? [`${defect.name} is ${outcome.state}: ${outcome.said}`] : []),
  ];
}

function sayingOf({ version = '', commit, modified }: Partial<InstalledBuild>, withEdits: boolean): string {
  return installedBuildInWords({
    version,
    ...(commit === undefined ? {} : { commit }),
    ...(modified === undefined || !withEdits ? {} : { modified }),
  });
}

/** The sentence of `e2e bisect` that a made history must end with. Pure. */
export function isAnswer(lines: readonly string[], guilty: { hash: string; component: string }): boolean {
  const answer = lines.find((line) => line.startsWith('The tests are red since ')) ?? '';
  return (
    answer.includes(`red since commit ${guilty.hash.slice(0, 12)} `) &&
    answer.includes(`the code of ${guilty.component} `)
  );
}
