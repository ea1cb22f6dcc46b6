import { componentsWhere, type Evidence, WEIGHTS } from './evidence.ts';
import type { Cause, Outage, Scene, Window } from './scene.ts';
import { slumps } from './slumps.ts';
import { TEST_RULES } from './test-evidence.ts';

/** Sentences of one rule that a component shows. */
const SHOWN = 3;
/** The candidate that stands for a machine on which several components stalled at once. */
const MACHINE = 'the machine';
/** Events of Kubernetes that explain why a pod does not run. Others are part of a normal start. */
const TELLING =
  /^(BackOff|Evicted|Failed|FailedCreate|FailedCreatePodSandBox|FailedMount|FailedScheduling|NodeNotReady|OOMKilling|SystemOOM): /;

const RULES: readonly ((scene: Scene) => Evidence[])[] = [
  restarts,
  faultsInForce,
  outages,
  stalls,
  readiness,
  warnings,
  lines,
  (scene) =>
    componentsWhere(
      scene,
      'digest',
      (one) => scene.newDigests.includes(one),
      'its digest differs from the run before',
    ),
  ...TEST_RULES,
];

/**
 * Components that may have caused a failure, heaviest evidence first; of equal ones, the one whose evidence came first. Each
 * piece of evidence is a sentence with its time. Pure.
 */
export function firstCauses(scene: Scene): Cause[] {
  const found = new Map<string, Evidence[]>();
  for (const evidence of RULES.flatMap((rule) => rule(scene))) {
    const component = componentOf(evidence.component, scene.components);
    found.set(component, [...(found.get(component) ?? []), evidence]);
  }
  return [...found]
    .map(([component, all]) => ({ component, weight: weightOf(all), first: earliest(all), all }))
    .sort((a, b) => b.weight - a.weight || a.first - b.first)
    .map(({ component, weight, all }) => ({ component, weight, evidence: sentencesOf(all) }));
}

function restarts({ changes, window }: Scene): Evidence[] {
  return changes
    .filter((change) => change.kind === 'restart' && isIn(change, window))
    .map(({ subject, at, text }) => ({ component: subject, rule: 'restart', at, sentence: text }));
}

function faultsInForce({ faults, attempt }: Scene): Evidence[] {
  return faults.map((fault) => {
    const own = attempt === undefined || fault.attempt === attempt;
    return {
      component: fault.component,
      rule: own ? 'ownFault' : 'foreignFault',
      at: fault.injected ?? fault.asked,
      sentence: `the fault ${fault.name} (${fault.action}) was in force${own ? '' : `, asked for by ${fault.attempt}`}`,
    };
  });
}

function outages(scene: Scene): Evidence[] {
  const all = outagesIn(scene);
  const [first, second] = all;
  const found = all.map(
    ({ component, from }): Evidence => ({
      ...{ component, rule: 'outage', at: from },
      sentence: 'it had no ready pod, so its Services had no endpoints',
    }),
  );
  if (!first || !second || first.from === second.from) return found;
  const sentence = `it was the first of ${all.length} components without a ready pod`;
  return [...found, { component: first.component, rule: 'firstOutage', at: first.from, sentence }];
}

/** The outages in the window, in the order of their start. Components that wait for another one follow it. */
function outagesIn({ outages: all, window }: Scene): Outage[] {
  return all
    .filter(({ from, to }) => from <= window.to && (to ?? window.to) >= window.from)
    .sort((a, b) => a.from - b.from);
}

function stalls(scene: Scene): Evidence[] {
  return slumps(scene.changes.filter((change) => isIn(change, scene.window))).map(({ at, subjects }) => ({
    ...{ component: MACHINE, rule: 'slump', at },
    sentence: `probes of ${subjects.length} components failed at once: ${subjects.join(', ')}`,
  }));
}

function readiness(scene: Scene): Evidence[] {
  const out = new Set(outagesIn(scene).map(({ component }) => component));
  return (
    scene.changes
      .filter((change) => change.kind === 'unready' && isIn(change, scene.window))
      // Without a ready pod, a component has lost the readiness of each: that is the same fact.
      .filter(({ subject, text }) => !out.has(subject) || text.startsWith('Unhealthy: '))
      .map(({ subject, at, text }) => {
        // An event is about one probe. Only the condition of a pod says that its readiness was lost.
        const probe = text.startsWith('Unhealthy: ');
        return {
          ...{ component: subject, rule: probe ? 'probe' : 'unready', at },
          sentence: probe ? `a probe failed: ${text}` : text,
        };
      })
  );
}

function warnings({ changes, window }: Scene): Evidence[] {
  return changes
    .filter((change) => change.kind === 'warning' && isIn(change, window) && TELLING.test(change.text))
    .map(({ subject, at, text }) => ({ component: subject, rule: 'warning', at, sentence: text }));
}

function lines({ alarms, green }: Scene): Evidence[] {
  const rare = green
    ? `wrote a line that is in no run that succeeded (last: ${green})`
    : 'wrote a line that it writes only when something fails';
  return alarms.map((alarm) => ({
    component: alarm.component,
    rule: alarm.rare ? 'rareLine' : 'alarm',
    at: alarm.at,
    sentence: `${alarm.rare ? rare : 'wrote a warning'}: ${alarm.text.slice(0, 160)}`,
  }));
}

/** The component of a subject: itself, or that of a pod which is gone, by its name. */
function componentOf(subject: string, all: readonly string[]): string {
  const name = subject.replace(/^[A-Z]\w*\//, '');
  const owner = all
    .filter((one) => name === one || name.startsWith(`${one}-`))
    .sort((a, b) => b.length - a.length)[0];
  return owner ?? subject;
}

function weightOf(all: readonly Evidence[]): number {
  return [...new Set(all.map(({ rule }) => rule))].reduce((total, rule) => total + WEIGHTS[rule], 0);
}

function earliest(all: readonly Evidence[]): number {
  return Math.min(...all.map(({ at }) => at));
}

/** Heaviest rules first, each in the order of time. */
function sentencesOf(all: readonly Evidence[]): string[] {
  const rules = [...new Set(all.map(({ rule }) => rule))].sort((a, b) => WEIGHTS[b] - WEIGHTS[a]);
  return rules.flatMap((rule) =>
    all
      .filter((evidence) => evidence.rule === rule)
      .sort((a, b) => a.at - b.at)
      .slice(0, SHOWN)
      .map(({ at, sentence }) => (Number.isFinite(at) ? `${clock(at)} ${sentence}` : sentence)),
  );
}

function isIn({ at }: { at: number }, { from, to }: Window): boolean {
  return at >= from && at <= to;
}

/** Time of day in UTC. */
function clock(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}
