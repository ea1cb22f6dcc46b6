import { isRecord } from './is-record.ts';
import type { FieldSet, KubeObject } from './object.ts';

/**
 * The part of an object's status that a field manager owns through server-side apply, according to
 * metadata.managedFields. Undefined when it owns nothing. Pure.
 */
export function ownedStatus(object: KubeObject & { status?: object }, manager: string): unknown {
  const entry = object.metadata.managedFields?.find(
    (fields) => fields.manager === manager && fields.operation === 'Apply' && fields.subresource === 'status',
  );
  const set = entry?.fieldsV1?.['f:status'];
  return set === undefined ? undefined : owned(object.status, set);
}

/**
 * The part of a value that a set of fields contains. A set without members is a leaf: the whole value, also an atomic list or
 * object. Keys:
 * - "f:<name>": a field
 * - "k:<json>": the list item with those key fields
 * - "v:<json>": the list item of that value
 * - ".": the container itself
 */
export function owned(value: unknown, set: FieldSet): unknown {
  const members = Object.entries(set).filter(([key]) => key !== '.');
  if (members.length === 0) return emptied(value, '.' in set);
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const item of value) {
      const member = members.find(([key]) => selects(key, item));
      if (member) items.push(owned(item, member[1]));
    }
    return items;
  }
  if (!isRecord(value)) return value;
  const part: Record<string, unknown> = {};
  for (const [key, below] of members) {
    const name = key.slice(2);
    if (key.startsWith('f:') && name in value) part[name] = owned(value[name], below);
  }
  return part;
}

/** Whether two values are the same JSON. Undefined members and the order of fields do not count. Pure. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, index) => sameJson(item, b[index]))
    );
  }
  if (!isRecord(a) || !isRecord(b)) return false;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => sameJson(a[name], b[name]));
}

/** A container that is owned without its members ("." alone) becomes empty. A leaf stays complete. */
function emptied(value: unknown, containerOnly: boolean): unknown {
  if (!containerOnly) return value;
  if (Array.isArray(value)) return [];
  return isRecord(value) ? {} : value;
}

function selects(key: string, item: unknown): boolean {
  const wanted: unknown = JSON.parse(key.slice(2));
  if (key.startsWith('v:')) return sameJson(item, wanted);
  if (!key.startsWith('k:') || !isRecord(wanted) || !isRecord(item)) return false;
  return Object.entries(wanted).every(([name, value]) => sameJson(item[name], value));
}
