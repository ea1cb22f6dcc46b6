import type { Connection } from '@backendai-e2e/api/connection';
import { ConnectionSchema } from '@backendai-e2e/api/schemas/connection';
import { expect } from 'chai';
import { type TSchema, Type } from 'typebox';
import { E2E_VALUES, render, secretData } from '../rendering/backend-ai.ts';

/** Every path of an object down to its leaves; all entries of a list count as one. */
function pathsOf(value: unknown, prefix = ''): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap((entry) => pathsOf(entry, `${prefix}[]`)))];
  if (typeof value !== 'object' || value === null) return [prefix];
  return Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, `${prefix}.${key}`));
}

/** The same of a schema: all of its fields, optional ones too. */
function fieldsOf(schema: TSchema, prefix = ''): string[] {
  if (Type.IsArray(schema)) return fieldsOf(schema.items, `${prefix}[]`);
  if (!Type.IsObject(schema)) return [prefix];
  return Object.entries(schema.properties).flatMap(([key, inner]) => fieldsOf(inner, `${prefix}.${key}`));
}

/** Fields that say which sources are installed: the chart's default is published packages. */
const OF_SOURCES = ['.commit', '.modified'];

describe('the connection of charts/backend-ai', () => {
  it('fills every field of packages/api/schemas/connection.ts, with names valid in any namespace', async () => {
    const e2e = await render('--values', E2E_VALUES);
    const text = secretData(e2e, 'backend-ai-connection')['connection.json'] ?? '';
    const connection: Connection = JSON.parse(text);
    expect(pathsOf(connection)).to.have.members(
      fieldsOf(ConnectionSchema).filter((field) => !OF_SOURCES.includes(field)),
    );
    expect(connection.manager.url).to.equal('http://manager.ns.svc.cluster.local:8081');
    expect(connection.registry.kernelImage).to.equal('registry.ns:5000/stable/python:3.13-debian13');
    expect(connection.agents.map(({ id }) => id)).to.deep.equal(['i-agent-0', 'i-agent-1']);
    const keys = Object.values(connection.accounts).map(({ accessKey }) => accessKey);
    expect(new Set(keys).size).to.equal(3);
    for (const key of keys) expect(key).to.match(/^AKIA[0-9A-Z]{16}$/);
  });
});
