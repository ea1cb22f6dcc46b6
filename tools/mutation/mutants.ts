import { parseSync, visitorKeys } from 'oxc-parser';
import { OPERATORS } from './operators.ts';
import type { TreeNode } from './tree-node.ts';

/** One change of one source file. */
export interface Mutant {
  /** Path from the root of the checkout. */
  file: string;
  /** Line of the change, from 1. */
  line: number;
  /** Name of the operator, as in {@link OPERATORS}. */
  operator: string;
  /** Offsets of the replaced text, and what replaces it. */
  start: number;
  end: number;
  text: string;
}

/** Every mutant of a TypeScript source, in order. @throws Error with the first message of the parser */
export function mutantsOf(file: string, source: string): Mutant[] {
  const { program, errors } = parseSync(file, source, { lang: 'ts' });
  if (errors[0]) throw new Error(`${file}: ${errors[0].message}`);
  const found: Mutant[] = [];
  walk(program as unknown as TreeNode, [], (node, ancestors) => {
    for (const [operator, change] of Object.entries(OPERATORS)) {
      for (const { start, end, text } of change(node, ancestors, source)) {
        if (source.slice(start, end) === text) continue;
        found.push({ file, line: source.slice(0, start).split('\n').length, operator, start, end, text });
      }
    }
  });
  return found.sort((a, b) => a.start - b.start || a.end - b.end);
}

/** The source with the change. */
export function mutated(
  source: string,
  { start, end, text }: Pick<Mutant, 'start' | 'end' | 'text'>,
): string {
  return source.slice(0, start) + text + source.slice(end);
}

/** The changed line before and after, for people. At most 100 characters each. */
export function changeOf(source: string, mutant: Mutant): { from: string; to: string } {
  const cut = (text: string) => {
    const line = text.replace(/\s+/g, ' ').trim();
    return line.length > 100 ? `${line.slice(0, 99)}…` : line;
  };
  return { from: cut(source.slice(mutant.start, mutant.end)), to: cut(mutant.text) };
}

function walk(
  node: TreeNode,
  ancestors: readonly TreeNode[],
  visit: (node: TreeNode, ancestors: readonly TreeNode[]) => void,
): void {
  // Types do nothing when a program runs.
  if (node.type.startsWith('TS') && !RUN_AT_RUNTIME.has(node.type)) return;
  if (node.type === 'ImportDeclaration') return;
  visit(node, ancestors);
  for (const key of visitorKeys[node.type as keyof typeof visitorKeys] ?? []) {
    const value = node[key];
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) walk(child, [...ancestors, node], visit);
    }
  }
}

/** Nodes of TypeScript with an expression in them. */
const RUN_AT_RUNTIME = new Set(['TSAsExpression', 'TSNonNullExpression', 'TSSatisfiesExpression']);

function isNode(value: unknown): value is TreeNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
