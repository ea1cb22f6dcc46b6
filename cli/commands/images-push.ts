import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { buildImages } from '../images/build.ts';
import { checkRegistry, pushImages } from '../images/push.ts';
import { BAKED, type ImageName } from '../images/table.ts';
import { ensureEngine } from '../machine/engine.ts';
import { table } from '../terminal/table.ts';
import { withProvision } from './machine.ts';

/** Images that a cluster needs to run suites against an existing deployment. */
const STAGING_IMAGES: readonly ImageName[] = ['operator', 'suites'];

/** `e2e images-push`: builds what is missing, pushes, prints the references. */
export function imagesPushCommand(to: {
  registry: string;
  insecure: boolean;
  all: boolean;
}): Promise<number> {
  return withProvision(async (p) => {
    const registry = checkRegistry(to.registry);
    await ensureEngine(p);
    const names = to.all ? [...STAGING_IMAGES, ...BAKED] : STAGING_IMAGES;
    const refs = await buildImages(names, p);
    const pushed = await pushImages(Object.values(refs), { registry, insecure: to.insecure }, p);
    const rows = Object.entries(refs).map(([name, ref]) => [name, pushed.get(ref) ?? '']);
    console.log(table(['image', 'reference'], rows).join('\n'));
    console.log(
      `\nmake e2e-staging REGISTRY=${registry} … uses them, as long as this checkout does not change.`,
    );
    return COMMAND_EXIT.passed;
  });
}
