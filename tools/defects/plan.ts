import type { Component } from '@backendai-e2e/api/components';
import type { Defect } from './defect-list.ts';

/** The named defects, in the order of the list. Throws an Error for a name that the list does not have. */
export function selectDefects(
  all: readonly Defect[],
  { names, suites }: { names?: readonly string[] | undefined; suites?: readonly string[] | undefined },
): Defect[] {
  const strange = (names ?? []).filter((name) => !all.some((defect) => defect.name === name));
  if (strange.length > 0) throw new Error(`suites/defects has no defect ${strange.join(', ')}`);
  const named = names ? all.filter(({ name }) => names.includes(name)) : all;
  if (!suites) return [...named];
  const seen = named.filter((defect) => defect.suites.some((suite) => suites.includes(suite)));
  if (seen.length === 0) throw new Error(`no defect is for the suites ${suites.join(', ')} to notice`);
  return seen;
}

/**
 * Groups of at most `atOnce` defects that can be planted together, each defect in one group. A failed test must point to one
 * defect. So two of a group never change the same module. Two of one component never have a suite in common.
 */
export function planGroups(defects: readonly Defect[], atOnce: number): Defect[][] {
  const groups: Defect[][] = [];
  for (const defect of defects) {
    const group = groups.find(
      (others) => others.length < atOnce && others.every((other) => canMeet(defect, other)),
    );
    if (group) group.push(defect);
    else groups.push([defect]);
  }
  return groups;
}

/**
 * Two defects of the group that change the same text of one module in one component, if there are any. The second would not find
 * its text any more, and would end the component's processes. Pure.
 */
export function overlapping(group: readonly Defect[]): [string, string] | undefined {
  for (const [index, one] of group.entries()) {
    for (const other of group.slice(index + 1)) {
      if (one.component !== other.component || one.way.by !== 'change' || other.way.by !== 'change') continue;
      const [first, second] = [one.way.change, other.way.change];
      const meet = first.replace.includes(second.replace) || second.replace.includes(first.replace);
      if (first.module === second.module && meet) return [one.name, other.name];
    }
  }
  return undefined;
}

function canMeet(one: Defect, other: Defect): boolean {
  // A module that several components load is a file of its own in each of their pods.
  if (one.component !== other.component) return true;
  if (one.way.by === 'change' && other.way.by === 'change') {
    if (one.way.change.module === other.way.change.module) return false;
  } else if (one.way.by === other.way.by) {
    return false;
  }
  return !one.suites.some((suite) => other.suites.includes(suite));
}

/** The suites that should notice any of the defects, each once; only those of `wanted` where it is given. */
export function suitesOf(defects: readonly Defect[], wanted?: readonly string[]): string[] {
  const all = [...new Set(defects.flatMap(({ suites }) => suites))];
  return wanted ? all.filter((suite) => wanted.includes(suite)) : all;
}

/** Components in the order in which their pods are replaced: the managers when all others are ready. Pure. */
export function managerLast(components: readonly Component[]): Component[][] {
  const others = components.filter((one) => one !== 'manager');
  const managers = components.filter((one) => one === 'manager');
  return [others, managers].filter((some) => some.length > 0);
}

/** Whether managers stay while their agents are replaced, and must connect to them again. Pure. */
export function mustReconnect(components: readonly Component[]): boolean {
  return components.includes('agent') && !components.includes('manager');
}
