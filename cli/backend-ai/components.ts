import { COMPONENTS, type Component } from '@backendai-e2e/api/components';
import { ProvisionError } from '../machine/provision.ts';

/** What a component gets: "manager=../backend.ai" is ["manager", "../backend.ai"]. */
export type ComponentValue = [component: Component, value: string];

/**
 * Reads a list "component=value,component=value"; undefined for one value. A folder with "=" in its name is none when it begins
 * with "./", "../" or "/".
 * @throws ProvisionError for a component that does not exist, occurs twice or has no value
 */
export function componentList(text: string): ComponentValue[] | undefined {
  if (!/^\s*[\w-]+=/.test(text)) return undefined;
  const pairs = text.split(',').map((item): ComponentValue => {
    const [, name = '', value = ''] = /^\s*([^=]*)=(.*?)\s*$/.exec(item) ?? [];
    const component = COMPONENTS.find((one) => one === name);
    if (component === undefined) {
      throw new ProvisionError(
        `--backend-ai (BACKENDAI) has "${item.trim()}", which names no component of Backend.AI.`,
        `Write component=value for each of them: ${COMPONENTS.join(', ')}.`,
      );
    }
    if (value === '') {
      throw new ProvisionError(
        `--backend-ai (BACKENDAI) has "${component}=" without a value.`,
        'Give a release, a folder of wheels, a checkout, or image= with a reference.',
      );
    }
    return [component, value];
  });
  const names = pairs.map(([component]) => component);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return pairs;
  throw new ProvisionError(
    `--backend-ai (BACKENDAI) names ${twice} twice.`,
    'Give each component one value.',
  );
}
