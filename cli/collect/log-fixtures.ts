import type { ContainerLog } from './cluster-logs.ts';

/** The log of a component of an environment, for specs: of its only container, each line with a timestamp. */
export function componentLog(
  component: string,
  lines: readonly string[],
  more: Partial<ContainerLog> = {},
): ContainerLog {
  return {
    namespace: 'bai-e2e',
    pod: `${component}-0`,
    container: component,
    component,
    labels: {},
    previous: false,
    text: lines.join('\n'),
    ...more,
  };
}
