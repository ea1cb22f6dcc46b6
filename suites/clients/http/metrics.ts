import { Api } from './api.ts';

/** One sample of a metrics page. */
export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** The samples of a page in Prometheus' text format. Comments and other lines are ignored. */
export function parseMetrics(page: string): Sample[] {
  return page.split('\n').flatMap((line) => {
    const found = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? ([^ ]+)/.exec(line);
    if (!found) return [];
    const [, name = '', labels = '', value] = found;
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
    return [
      { name, labels: Object.fromEntries(pairs.map(([, key, text]) => [key, text])), value: Number(value) },
    ];
  });
}

/** The samples of one metric that a component serves at <url>/metrics. */
export async function readMetric(url: string, name: string): Promise<Sample[]> {
  const page = await new Api(url).request({ method: 'GET', path: '/metrics' });
  return parseMetrics(page.bytes.toString()).filter((sample) => sample.name === name);
}
