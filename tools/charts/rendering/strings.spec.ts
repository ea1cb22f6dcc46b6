import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { CHART, helm, IMAGES } from './backend-ai.ts';
import { CHART as OPERATOR, IMAGES as OPERATOR_IMAGES } from './e2e-operator.ts';

const OPERATOR_CHART = path.join(PROJECT_ROOT, OPERATOR);
const OPERATOR_OPTIONS = [
  ...[...OPERATOR_IMAGES, '--set', 'monitoring.serviceMonitor.enabled=true'],
  ...['--set', 'monitoring.prometheusRule.enabled=true', '--set', 'monitoring.dashboard.enabled=true'],
];
/** Fields of objects that Kubernetes refuses unless they are strings, or maps of strings. */
const TEXTS = new Set(['name', 'namespace', 'labels', 'annotations', 'matchLabels', 'matchNames']);

/** The paths of all values below such fields that YAML reads as something else than a string. */
function otherThanStrings(value: unknown, at: string, isText = false): string[] {
  if (typeof value !== 'object' || value === null)
    return isText && value !== null && typeof value !== 'string' ? [`${at}: ${value}`] : [];
  return Object.entries(value).flatMap(([key, inner]) =>
    otherThanStrings(inner, `${at}.${key}`, isText || TEXTS.has(key)),
  );
}

describe('names, labels and annotations of the charts', function () {
  this.timeout(60_000);

  const charts: [string, string, string[]][] = [
    ['backend-ai', CHART, IMAGES],
    ['e2e-operator', OPERATOR_CHART, OPERATOR_OPTIONS],
  ];
  for (const [name, chart, options] of charts) {
    it(`of ${name} are strings, also where the release and its namespace look like numbers`, async () => {
      const text = await helm('template', '12e3', chart, '--namespace', '4567', ...options);
      // The schema of a CRD names such fields without having them.
      const objects = parseAllDocuments(text)
        .map((document): { kind?: string } | null => document.toJS())
        .filter((object) => object?.kind !== 'CustomResourceDefinition');
      expect(objects.length).to.be.greaterThan(10);
      expect(objects.flatMap((object, index) => otherThanStrings(object, `object ${index}`))).to.deep.equal(
        [],
      );
    });

    it(`of ${name} quote their digests, some of which look like numbers`, () => {
      const templates = path.join(chart, 'templates');
      const bare = readdirSync(templates, { recursive: true, encoding: 'utf8' })
        .filter((file) => /\.(yaml|tpl)$/.test(file))
        .flatMap((file) => readFileSync(path.join(templates, file), 'utf8').split('\n'))
        .filter((line) => /^\s*[\w./-]+: \{\{.*sha256sum/.test(line) && !/\| quote \}\}$/.test(line));
      expect(bare).to.deep.equal([]);
    });
  }
});
