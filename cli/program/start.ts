import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { AS_PLUGIN } from '../commands/plugin-name.ts';
import { onClosedOutput } from '../terminal/closed-output.ts';
import { guardProcess } from '../terminal/guarded-output.ts';
import { end } from './end.ts';
import { createProgram } from './program.ts';

guardProcess();
// Node would exit with 1, which here means that a suite failed.
process.on('uncaughtException', (error) => {
  console.error(error);
  process.exit(COMMAND_EXIT.couldNotRun);
});
/** Commands that change something: a closed output does not end them. */
const CHANGING: readonly string[] = [
  ...['kind', 'up', 'down', 'images', 'images-push', 'init', 'history'],
  ...['run', 'rerun', 'cancel', 'staging', 'attach'],
];
onClosedOutput(CHANGING.includes(process.argv[2] ?? ''));

const program = createProgram(end, (error) => {
  process.exit(error.exitCode === 0 ? 0 : COMMAND_EXIT.couldNotRun);
});
if (process.env.E2E_CALLED_AS === AS_PLUGIN) program.name('kubectl e2e');
await program.parseAsync().catch((error: unknown) => {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  return end(COMMAND_EXIT.couldNotRun);
});
