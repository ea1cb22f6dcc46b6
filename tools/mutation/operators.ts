import { child, children, methodOf, type TreeNode } from './tree-node.ts';

/** A text that replaces a part of the source. */
export interface Change {
  start: number;
  end: number;
  text: string;
}

/** The changes that an operator makes at a node. */
export type Operator = (node: TreeNode, ancestors: readonly TreeNode[], source: string) => Change[];

/** Operators and what replaces them. */
const SWAPPED: Readonly<Record<string, readonly string[]>> = {
  '===': ['!=='],
  '!==': ['==='],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
};
const SWAPPED_LOGIC: Readonly<Record<string, readonly string[]>> = { '&&': ['||'], '||': ['&&'] };
const SWAPPED_METHODS: Readonly<Record<string, string>> = {
  every: 'some',
  some: 'every',
  min: 'max',
  max: 'min',
  startsWith: 'endsWith',
  endsWith: 'startsWith',
  find: 'findLast',
  findLast: 'find',
  all: 'race',
};
/** Methods that return what they were called on, only changed: without the call, something stays in or out of order. */
const REMOVED_METHODS = new Set(
  'filter slice sort toSorted reverse toReversed trim trimEnd flat replace replaceAll toLowerCase'.split(' '),
);

/**
 * The operators. Each is a mistake that a person could make, and the last group makes an assertion or an error vacuous. Texts
 * of errors are left alone: they are read, not decided on.
 */
export const OPERATORS: Readonly<Record<string, Operator>> = {
  comparison: ({ type, ...node }, _, source) =>
    type === 'BinaryExpression' ? swapped(node, SWAPPED, source) : [],
  logic: ({ type, ...node }, _, source) =>
    type === 'LogicalExpression' ? swapped(node, SWAPPED_LOGIC, source) : [],
  'no default': (node, _, source) =>
    node.type === 'LogicalExpression' && node.operator === '??' ? [kept(node, 'left', source)].flat() : [],
  'condition true': (node) => condition(node, 'true'),
  'condition false': (node) => condition(node, 'false'),
  'no negation': (node, _, source) =>
    node.type === 'UnaryExpression' && node.operator === '!' ? kept(node, 'argument', source) : [],
  'other boolean': (node) =>
    node.type === 'Literal' && typeof node.value === 'boolean' ? [whole(node, String(!node.value))] : [],
  'other number': (node) =>
    node.type === 'Literal' && typeof node.value === 'number' ? [whole(node, String(node.value + 1))] : [],
  'empty text': (node, ancestors) =>
    !isMessage(node, ancestors) && isText(node) ? [whole(node, node.type === 'Literal' ? "''" : '``')] : [],
  'empty list': (node) =>
    node.type === 'ArrayExpression' && children(node, 'elements').length > 0 ? [whole(node, '[]')] : [],
  'pattern without anchors': (node) => {
    const regex = node.regex as { pattern: string; flags: string } | undefined;
    if (node.type !== 'Literal' || !regex) return [];
    const loose = regex.pattern.replace(/^\^/, '').replace(/\$$/, '');
    return loose === regex.pattern || loose === '' ? [] : [whole(node, `/${loose}/${regex.flags}`)];
  },
  'other method': (node) => {
    const other = SWAPPED_METHODS[methodOf(node) ?? ''];
    const property = other && methodProperty(node);
    return property ? [whole(property, other)] : [];
  },
  'no method': (node, _, source) => {
    const object = REMOVED_METHODS.has(methodOf(node) ?? '')
      ? child(child(node, 'callee') ?? node, 'object')
      : undefined;
    return object ? [whole(node, source.slice(object.start, object.end))] : [];
  },
  'other end': (node) => {
    if (methodOf(node) !== 'at') return [];
    const [place] = children(node, 'arguments');
    return place ? [whole(place, place.type === 'UnaryExpression' ? '0' : '-1')] : [];
  },
  'opposite step': (node) => {
    if (node.type === 'UpdateExpression')
      return [inside(node, String(node.operator), node.operator === '++' ? '--' : '++')];
    return [];
  },
  'opposite sum': (node, _, source) => {
    if (node.type !== 'AssignmentExpression' || (node.operator !== '+=' && node.operator !== '-=')) return [];
    const [left, right] = [child(node, 'left'), child(node, 'right')];
    if (!left || !right) return [];
    const between = source.slice(left.end, right.start);
    return [
      {
        start: left.end,
        end: right.start,
        text: between.replace(String(node.operator), node.operator === '+=' ? '-=' : '+='),
      },
    ];
  },
  'no result': (node) => {
    const result = node.type === 'ReturnStatement' ? child(node, 'argument') : undefined;
    return result && !isUndefined(result) ? [whole(result, 'undefined')] : [];
  },
  'no assertion': (node, _, source) =>
    isStatement(node, source, /^(await )?expect[(.A-Z]/) ? [whole(node, ';')] : [],
  'no error': (node, ancestors) =>
    node.type === 'ThrowStatement'
      ? [whole(node, ancestors.at(-1)?.type === 'IfStatement' ? '{}' : ';')]
      : [],
  'no call': (node, _, source) =>
    isStatement(node, source, /^(await )?(?!expect)[\w$.#?]+\(/) && !/^super\(/.test(source.slice(node.start))
      ? [whole(node, ';')]
      : [],
  'no wait': (node, ancestors, source) =>
    node.type === 'AwaitExpression' && ancestors.at(-1)?.type === 'ExpressionStatement'
      ? kept(node, 'argument', source)
      : [],
  'swallowed error': (node) => {
    const body = node.type === 'CatchClause' ? child(node, 'body') : undefined;
    return body && children(body, 'body').length > 0 ? [whole(body, '{}')] : [];
  },
};

function swapped(
  node: Omit<TreeNode, 'type'>,
  table: Readonly<Record<string, readonly string[]>>,
  source: string,
): Change[] {
  const [left, right] = [node.left as TreeNode, node.right as TreeNode];
  const operator = String(node.operator);
  const place = source.indexOf(operator, left.end);
  if (place < 0 || place >= right.start) return [];
  return (table[operator] ?? []).map((text) => ({ start: place, end: place + operator.length, text }));
}

/** Only a child of the node stays. */
function kept(node: TreeNode, key: string, source: string): Change[] {
  const part = child(node, key);
  return part ? [whole(node, source.slice(part.start, part.end))] : [];
}

/** The condition of a branch. Loops are left alone: without an end, they prove nothing. */
function condition(node: TreeNode, text: string): Change[] {
  if (node.type !== 'IfStatement' && node.type !== 'ConditionalExpression') return [];
  const test = child(node, 'test');
  return test ? [whole(test, text)] : [];
}

function whole({ start, end }: TreeNode, text: string): Change {
  return { start, end, text };
}

function inside({ start, end, prefix }: TreeNode, operator: string, text: string): Change {
  const place = prefix === true ? start : end - operator.length;
  return { start: place, end: place + operator.length, text };
}

function methodProperty(node: TreeNode): TreeNode | undefined {
  return child(child(node, 'callee') ?? node, 'property');
}

function isText(node: TreeNode): boolean {
  if (node.type === 'TemplateLiteral') return true;
  return node.type === 'Literal' && typeof node.value === 'string' && node.value !== '';
}

/** Whether a text is the key of a property or part of an error. */
function isMessage(node: TreeNode, ancestors: readonly TreeNode[]): boolean {
  const parent = ancestors.at(-1);
  if (parent?.type === 'Property' && child(parent, 'key') === node) return true;
  return ancestors.some((each) => {
    if (each.type === 'ThrowStatement' || each.type === 'TaggedTemplateExpression') return true;
    const made = each.type === 'NewExpression' ? String(child(each, 'callee')?.name) : '';
    return /Error|Inconclusive|NotReady|Timeout/.test(made);
  });
}

function isStatement(node: TreeNode, source: string, pattern: RegExp): boolean {
  return node.type === 'ExpressionStatement' && pattern.test(source.slice(node.start, node.end));
}

function isUndefined(node: TreeNode): boolean {
  return node.type === 'Identifier' && node.name === 'undefined';
}
