/**
 * Prints the tests of suite files as JSON, [{file, title}], without running any:
 * `node suites/runner/list.ts session-lifecycle/create-session …`
 */
import { loadSuites, plannedTests } from './mocha-run.ts';

const mocha = await loadSuites(process.argv.slice(2), undefined);
process.stdout.write(`${JSON.stringify(plannedTests(mocha))}\n`, () => process.exit(0));
