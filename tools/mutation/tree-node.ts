/** A node of ESTree, as the parser gives it. */
export interface TreeNode {
  type: string;
  /** Offsets in the source. */
  start: number;
  end: number;
  [key: string]: unknown;
}

/** The child node at a key; undefined where there is none. */
export function child(node: TreeNode, key: string): TreeNode | undefined {
  const value = node[key];
  return typeof value === 'object' && value !== null && 'type' in value ? (value as TreeNode) : undefined;
}

/** The child nodes at a key. */
export function children(node: TreeNode, key: string): TreeNode[] {
  const value = node[key];
  return Array.isArray(value) ? value.filter((each): each is TreeNode => each !== null) : [];
}

/** The method name of a call such as a.b(c); undefined for other nodes. */
export function methodOf(node: TreeNode): string | undefined {
  if (node.type !== 'CallExpression') return undefined;
  const callee = child(node, 'callee');
  if (callee?.type !== 'MemberExpression' || callee.computed === true) return undefined;
  const name = child(callee, 'property')?.name;
  return typeof name === 'string' ? name : undefined;
}
