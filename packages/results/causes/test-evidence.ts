import { exchangesIn } from '../exchanges.ts';
import { componentAnswering, componentBehind } from './answering.ts';
import { componentsWhere, type Evidence } from './evidence.ts';
import type { Scene } from './scene.ts';

/**
 * What the failed test itself says about components. It weighs less than what the cluster says: a test also names components
 * that only pass a request on.
 */
export const TEST_RULES: readonly ((scene: Scene) => Evidence[])[] = [
  (scene) => componentsWhere(scene, 'named', names(messageOf(scene.error)), 'the error names it'),
  titled,
  exchanged,
  (scene) => componentsWhere(scene, 'answered', names(lastAnswer(scene.error)), 'the last answer names it'),
  ({ needs = [], ...scene }) =>
    componentsWhere(scene, 'needed', (one) => needs.includes(one), 'the suite needs it, as few others do'),
];

/** What people call a component besides its name. */
const CALLED: Readonly<Record<string, string>> = {
  'appproxy-coordinator': 'app proxy',
  'appproxy-worker': 'app proxy',
  webserver: 'web server',
};

function titled({ title = '', components }: Scene): Evidence[] {
  return componentsWhere(
    { components },
    'titled',
    (one) => names(title)(one) || (CALLED[one] !== undefined && hasWord(title, CALLED[one])),
    'the title of the test names it',
  );
}

/** The component that answered last, and those that answered before. */
function exchanged({ error, components }: Scene): Evidence[] {
  const found = exchangesIn(error).flatMap(({ at, method, path }) => {
    const component = componentAnswering(path);
    return component !== undefined && components.includes(component) ? [{ at, method, path, component }] : [];
  });
  const last = found.at(-1);
  if (!last) return [];
  const earlier = found.filter(({ component }) => component !== last.component);
  const behind = componentBehind(last.path);
  return [
    {
      ...{ component: last.component, rule: 'asked', at: last.at },
      sentence: `it answered the last request of the test: ${last.method} ${last.path}`,
    },
    ...(behind !== undefined && components.includes(behind)
      ? [
          {
            ...{ component: behind, rule: 'behind' as const, at: last.at },
            sentence: `${last.component} asks it for such requests: ${last.method} ${last.path}`,
          },
        ]
      : []),
    ...earlier.map(
      ({ component, at, method, path }): Evidence => ({
        ...{ component, rule: 'exchanged', at },
        sentence: `it answered a request of the test: ${method} ${path}`,
      }),
    ),
  ];
}

/** The message of an error, without the requests and frames below it. */
function messageOf(error: string): string {
  return error.split(/\n(?:Last requests:|\s+at )/, 1)[0] ?? '';
}

/** The last answer that the text of an error lists. */
function lastAnswer(error: string): string {
  return error.split('\n').findLast((line) => line.startsWith('    → ')) ?? '';
}

/** Whether a text names a component as a word of its own. */
function names(text: string): (component: string) => boolean {
  return (component) => hasWord(text, component);
}

function hasWord(text: string, word: string): boolean {
  const plain = word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(^|[^\\w-])${plain}([^\\w-]|$)`, 'i').test(text);
}
