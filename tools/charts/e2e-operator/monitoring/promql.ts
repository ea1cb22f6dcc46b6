import { parser } from '@prometheus-io/lezer-promql';

/** A metric that an expression reads. */
export interface Selector {
  metric: string;
  /** Labels in its matchers. */
  labels: string[];
}

/** What an expression of PromQL reads. */
export interface Read {
  selectors: Selector[];
  /** Labels in "by (…)". */
  groupings: string[];
}

/** Variables of Grafana in place of a duration: any duration parses the same. */
const DURATION_VARIABLE = /\[\$__(rate_interval|range|interval)\]/g;

/**
 * Parses an expression with the grammar that Prometheus' own editor uses.
 * @throws Error that quotes the place of the first error of syntax
 */
export function readPromql(expression: string): Read {
  const text = expression.replace(DURATION_VARIABLE, '[5m]');
  const read: Read = { selectors: [], groupings: [] };
  const textOf = ({ from, to }: { from: number; to: number }) => text.slice(from, to);
  parser.parse(text).iterate({
    enter(node) {
      if (node.type.isError) {
        throw new Error(`no PromQL at ${JSON.stringify(text.slice(node.from, node.from + 30))}: ${text}`);
      }
      if (node.name === 'VectorSelector') {
        const name = node.node.getChild('Identifier');
        read.selectors.push({ metric: name ? textOf(name) : '', labels: [] });
      }
      if (node.name === 'LabelName') {
        const isGrouping = node.node.parent?.name === 'GroupingLabels';
        if (isGrouping) read.groupings.push(textOf(node));
        else read.selectors.at(-1)?.labels.push(textOf(node));
      }
    },
  });
  return read;
}
