import { readdirSync, readFileSync } from 'node:fs';
import { KINDS, type KindName } from '@backendai-e2e/api/group';
import { expect } from 'chai';
import { customResourceDefinition } from './definition.ts';
import { CRD_FOLDER, crdFiles } from './files.ts';
import { type Schema, structural, UnsupportedSchemaError } from './structural-schema.ts';

const kinds = Object.keys(KINDS) as KindName[];

/** Every property below a schema, with its path. */
function properties(schema: Schema, path: string): { path: string; schema: Schema }[] {
  // metadata at the top is described by the API server; a CRD must not.
  const own = Object.entries((schema.properties ?? {}) as Record<string, Schema>)
    .filter(([name]) => !(name === 'metadata' && !path.includes('.')))
    .map(([name, inner]) => ({ path: `${path}.${name}`, schema: inner }));
  const below = [
    ...own,
    ...['items', 'additionalProperties']
      .filter((keyword) => typeof schema[keyword] === 'object')
      .map((keyword) => ({ path: `${path}[]`, schema: schema[keyword] as Schema })),
  ];
  return [...own, ...below.flatMap((entry) => properties(entry.schema, entry.path))];
}

/** Words that say what a number counts or measures. */
const UNITS =
  /\b(seconds?|bytes|share|0 to 1|attempts?|pods?|tests|suites|restarts|ports?|generation|figure|unit)\b/i;

describe('CRDs', () => {
  it('are up to date (run "make crds")', () => {
    const committed = readdirSync(CRD_FOLDER).filter((name) => name.endsWith('.yaml'));
    const generated = crdFiles();
    expect(committed.sort()).to.deep.equal(generated.map(({ name }) => name).sort());
    for (const { name, content } of generated) {
      expect(readFileSync(new URL(name, CRD_FOLDER), 'utf8'), name).to.equal(content);
    }
  });

  it('have no text that Helm would take for a template', () => {
    for (const { name, content } of crdFiles()) expect(content, name).not.to.include('{{');
  });

  for (const kind of kinds) {
    const crd = customResourceDefinition(kind);
    const version = crd.spec.versions[0];
    const schema = version?.schema.openAPIV3Schema ?? {};

    it(`${kind}: every field has a description and a type`, () => {
      const all = properties(schema, kind);
      expect(all.length).to.be.greaterThan(5);
      expect(all.filter((entry) => !entry.schema.description).map(({ path }) => path)).to.deep.equal([]);
      expect(all.filter((entry) => !entry.schema.type).map(({ path }) => path)).to.deep.equal([]);
    });

    it(`${kind}: every number has a unit, and every time the format of RFC 3339`, () => {
      const all = properties(schema, kind);
      const numbers = all.filter((entry) => ['integer', 'number'].includes(String(entry.schema.type)));
      const mute = numbers.filter((entry) => !UNITS.test(String(entry.schema.description)));
      expect(mute.map(({ path }) => path)).to.deep.equal([]);
      const seconds = numbers.filter((entry) => /seconds$/i.test(entry.path));
      expect(seconds.filter((entry) => !/\bseconds\b/i.test(String(entry.schema.description)))).to.deep.equal(
        [],
      );
      const times = all.filter((entry) => /[a-z](At|Time)$/.test(entry.path) || entry.path.endsWith('.at'));
      expect(
        times.filter((entry) => entry.schema.format !== 'date-time').map(({ path }) => path),
      ).to.deep.equal([]);
    });

    it(`${kind}: outlives the chart, is listed by "kubectl get e2e", and has a status subresource`, () => {
      expect(crd.metadata.annotations['helm.sh/resource-policy']).to.equal('keep');
      expect(crd.spec.names.categories).to.deep.equal(['e2e']);
      expect(version?.subresources).to.deep.equal({ status: {} });
    });

    it(`${kind}: fields with a default are not required`, () => {
      const walk = (part: Schema, path: string): string[] => {
        const inner = (part.properties ?? {}) as Record<string, Schema>;
        const required = (part.required ?? []) as string[];
        return [
          ...required.filter((name) => inner[name]?.default !== undefined).map((name) => `${path}.${name}`),
          ...Object.entries(inner).flatMap(([name, property]) => walk(property, `${path}.${name}`)),
        ];
      };
      expect(walk(schema, kind)).to.deep.equal([]);
    });
  }
});

describe('structural', () => {
  it('turns a record into additionalProperties', () => {
    const record = { type: 'object', patternProperties: { '^.*$': { type: 'string' } } };
    expect(structural(record, 'x')).to.deep.equal({
      type: 'object',
      additionalProperties: { type: 'string' },
    });
  });

  it('gives enums their type and drops an empty list of required fields', () => {
    expect(
      structural({ type: 'object', required: [], properties: { a: { enum: ['x'] } } }, 'x'),
    ).to.deep.equal({ type: 'object', properties: { a: { enum: ['x'], type: 'string' } } });
  });

  it('keeps extensions of Kubernetes', () => {
    expect(structural({ type: 'array', 'x-kubernetes-list-type': 'set' }, 'x')).to.have.property(
      'x-kubernetes-list-type',
      'set',
    );
  });

  for (const [keyword, schema] of Object.entries({
    anyOf: { anyOf: [{ type: 'string' }] },
    $ref: { $ref: '#/x' },
    const: { const: 1 },
  })) {
    it(`refuses ${keyword} and names the place`, () => {
      expect(() => structural({ type: 'object', properties: { a: schema } }, 'Thing.spec')).to.throw(
        UnsupportedSchemaError,
        /Thing\.spec\.a.*CEL/,
      );
    });
  }
});
