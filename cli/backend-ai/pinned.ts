import path from 'node:path';
import { PROJECT_ROOT } from '../machine/provision.ts';

/** The lock of the release that versions.json pins. `./tools/dev lock` writes it. */
export const PINNED_LOCK = path.join(PROJECT_ROOT, 'cli/backend-ai/pinned.txt');
