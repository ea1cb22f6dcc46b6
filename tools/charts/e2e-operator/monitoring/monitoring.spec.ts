import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createMetrics } from '@backendai-e2e/controller/metrics';
import { usageMetrics } from '@backendai-e2e/operator/artifacts/server/server';
import { OperatorMetrics } from '@backendai-e2e/operator/observability/metrics';
import { Ajv } from 'ajv';
import { expect } from 'chai';
import { parse } from 'yaml';
import { CHART, IMAGES, type Manifest, template } from '../../rendering/e2e-operator.ts';
import { readPromql } from './promql.ts';

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string; description: string };
}

interface Panel {
  id: number;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets: { expr: string; refId: string }[];
}

const FILES = path.join(import.meta.dirname, '../../../..', CHART, 'files');
const ALERTS: { groups: { name: string; rules: Rule[] }[] } = parse(
  readFileSync(path.join(FILES, 'alerts.yaml'), 'utf8'),
);
const RULES = ALERTS.groups.flatMap(({ rules }) => rules);
const DASHBOARD: { panels: Panel[]; templating: { list: { name: string; definition?: string }[] } } =
  JSON.parse(readFileSync(path.join(FILES, 'dashboard.json'), 'utf8'));
const EXPRESSIONS = [
  ...RULES.map(({ alert, expr }) => [alert, expr] as const),
  ...DASHBOARD.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
];

/** Every series that the operator and the artifact server serve, with its labels. */
function servedSeries(): Map<string, Set<string>> {
  const { registry } = createMetrics();
  new OperatorMetrics(registry);
  const series = new Map<string, Set<string>>();
  for (const metric of registry.getMetricsAsArray()) {
    const { name, type, labelNames } = metric as typeof metric & { type: unknown; labelNames: string[] };
    const labels = new Set(labelNames);
    if (String(type) !== 'histogram') series.set(name, labels);
    else {
      for (const end of ['_sum', '_count']) series.set(`${name}${end}`, labels);
      series.set(`${name}_bucket`, new Set([...labels, 'le']));
    }
  }
  const artifacts = usageMetrics({ used: 1, quota: 2, refused: 0 });
  for (const [, name = ''] of artifacts.matchAll(/^# TYPE (\S+)/gm)) series.set(name, new Set());
  return series;
}

describe('the PromQL of alerts and of the dashboard', () => {
  const series = servedSeries();

  for (const [title, expression] of EXPRESSIONS) {
    it(`reads metrics and labels that are served: ${title}: ${expression.slice(0, 60)}`, () => {
      const { selectors, groupings } = readPromql(expression);
      expect(selectors).not.to.deep.equal([]);
      for (const { metric, labels } of selectors) {
        expect(series.has(metric), metric).to.equal(true);
        expect([...(series.get(metric) ?? [])]).to.include.members(labels);
        for (const label of groupings) expect([...(series.get(metric) ?? [])], metric).to.include(label);
      }
    });
  }

  it('is refused with an error of syntax, a metric or a label that is not there', () => {
    expect(() => readPromql('sum(rate(a[5m])')).to.throw('no PromQL');
    expect(() => readPromql('sum by suite (a)')).to.throw('no PromQL');
    expect(readPromql('sum by (le) (rate(a_bucket{x="1",y=~"$z"}[$__rate_interval])) / b')).to.deep.equal({
      selectors: [
        { metric: 'a_bucket', labels: ['x', 'y'] },
        { metric: 'b', labels: [] },
      ],
      groupings: ['le'],
    });
    expect(series.has('e2e_runs_total') && series.has('e2e_run_seconds_bucket')).to.equal(true);
    expect(series.has('e2e_nothing_total')).to.equal(false);
  });

  it('of variables reads a metric that is served', () => {
    const [, metric = '', label = ''] =
      /^label_values\((\w+), (\w+)\)$/.exec(DASHBOARD.templating.list[1]?.definition ?? '') ?? [];
    expect([...(series.get(metric) ?? [])]).to.include(label);
  });
});

describe('the alerts', () => {
  it('have names of their own, a severity, and texts that use labels of their expression', () => {
    expect(new Set(RULES.map(({ alert }) => alert)).size).to.equal(RULES.length);
    const series = servedSeries();
    for (const { alert, expr, labels, annotations, for: pending = '1m' } of RULES) {
      expect(['info', 'warning', 'critical'], alert).to.include(labels.severity);
      expect(pending, alert).to.match(/^\d+[mh]$/);
      const { selectors, groupings } = readPromql(expr);
      const known =
        groupings.length > 0 ? groupings : selectors.flatMap(({ metric }) => [...(series.get(metric) ?? [])]);
      const texts = `${annotations.summary} ${annotations.description}`;
      for (const [, label] of texts.matchAll(/\$labels\.(\w+)/g)) expect(known, alert).to.include(label);
    }
  });
});

/** What Grafana needs to import a dashboard, closed: a key that is written wrong would be ignored. */
const source = {
  type: 'object',
  required: ['type', 'uid'],
  properties: { type: { const: 'prometheus' }, uid: { type: 'string', pattern: '^\\$\\{datasource\\}$' } },
};
const whole = { type: 'integer', minimum: 0 };
const DASHBOARD_SCHEMA = {
  type: 'object',
  required: ['uid', 'title', 'schemaVersion', 'panels', 'templating', 'time'],
  properties: {
    uid: { type: 'string', pattern: '^[\\w-]{1,40}$' },
    title: { type: 'string', minLength: 1 },
    schemaVersion: { type: 'integer', minimum: 36 },
    id: false,
    panels: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id', 'type', 'title', 'description', 'datasource', 'gridPos', 'targets'],
        properties: {
          id: { type: 'integer', minimum: 1 },
          type: { enum: ['stat', 'table', 'timeseries'] },
          ...{ title: { type: 'string' }, description: { type: 'string' }, datasource: source },
          gridPos: {
            type: 'object',
            additionalProperties: false,
            required: ['x', 'y', 'w', 'h'],
            properties: { x: whole, y: whole, w: { ...whole, maximum: 24 }, h: whole },
          },
          ...{ fieldConfig: { type: 'object' }, options: { type: 'object' } },
          targets: {
            type: 'array',
            minItems: 1,
            items: {
              type: 'object',
              additionalProperties: false,
              required: ['refId', 'expr', 'datasource'],
              properties: {
                refId: { type: 'string', pattern: '^[A-Z]$' },
                ...{ expr: { type: 'string' }, datasource: source, legendFormat: { type: 'string' } },
                ...{ instant: { type: 'boolean' }, range: { type: 'boolean' }, format: { const: 'table' } },
              },
            },
          },
        },
      },
    },
  },
};

describe('the dashboard', () => {
  it('has the shape that Grafana imports', () => {
    const validate = new Ajv({ allErrors: true }).compile(DASHBOARD_SCHEMA);
    validate(DASHBOARD);
    expect(validate.errors ?? []).to.deep.equal([]);
  });

  it('has panels with ids of their own that do not overlap', () => {
    const cells = new Set<string>();
    for (const { title, gridPos } of DASHBOARD.panels) {
      expect(gridPos.x + gridPos.w, title).to.be.at.most(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(cells.has(`${x},${y}`), title).to.equal(false);
          cells.add(`${x},${y}`);
        }
      }
    }
    expect(new Set(DASHBOARD.panels.map(({ id }) => id)).size).to.equal(DASHBOARD.panels.length);
  });
});

describe('charts/e2e-operator for Prometheus and Grafana', function () {
  this.timeout(60_000);
  interface Monitoring extends Manifest {
    metadata: Manifest['metadata'] & { labels: Record<string, string> };
    spec: { endpoints: object[]; selector: { matchExpressions: { values: string[] }[] }; groups: object[] };
    data: Record<string, string>;
  }
  const of = (objects: readonly Manifest[], kind: string, name: string) =>
    objects.find((each) => each.kind === kind && each.metadata.name === name) as Monitoring | undefined;

  it('installs nothing by default', async () => {
    const objects = await template(CHART, ...IMAGES);
    expect(objects.map(({ kind }) => kind))
      .not.to.include('ServiceMonitor')
      .and.not.include('PrometheusRule');
    expect(of(objects, 'ConfigMap', 'backendai-e2e-operator-dashboard')).to.equal(undefined);
  });

  it('installs each of the three with the labels that are given', async () => {
    const values = [
      ...['serviceMonitor.enabled=true', 'serviceMonitor.labels.release=prometheus'],
      ...['serviceMonitor.interval=15s', 'prometheusRule.enabled=true', 'prometheusRule.labels.release=x'],
      ...['dashboard.enabled=true', 'dashboard.annotations.grafana_folder=Tests'],
    ];
    const objects = await template(
      CHART,
      ...IMAGES,
      ...values.flatMap((one) => ['--set', `monitoring.${one}`]),
    );
    const monitor = of(objects, 'ServiceMonitor', 'backendai-e2e-operator');
    expect(monitor?.metadata.labels).to.include({ release: 'prometheus' });
    expect(monitor?.spec.endpoints).to.deep.equal([
      { port: 'http', path: '/metrics', interval: '15s', honorLabels: true },
    ]);
    const names = objects.filter(({ kind }) => kind === 'Service') as Monitoring[];
    const wanted = names.map(({ metadata }) => metadata.labels['app.kubernetes.io/name']);
    expect(monitor?.spec.selector.matchExpressions[0]?.values).to.have.members(wanted);
    const rule = of(objects, 'PrometheusRule', 'backendai-e2e-operator');
    expect(rule?.metadata.labels).to.include({ release: 'x' });
    expect(rule?.spec).to.deep.equal(ALERTS);
    const map = of(objects, 'ConfigMap', 'backendai-e2e-operator-dashboard');
    expect(map?.metadata.labels).to.include({ grafana_dashboard: '1' });
    expect(map?.metadata.annotations).to.include({ grafana_folder: 'Tests' });
    expect(JSON.parse(map?.data['backendai-e2e.json'] ?? '')).to.deep.equal(DASHBOARD);
  });

  it('refuses values that the schema does not know', async () => {
    for (const wrong of ['monitoring.serviceMonitor.interval=soon', 'monitoring.alerts=true']) {
      const rendered = await template(CHART, ...IMAGES, '--set', wrong).then(
        () => 'rendered',
        (error: Error) => error.message,
      );
      expect(rendered, wrong).to.contain('monitoring');
    }
  });
});
