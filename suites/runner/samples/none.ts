/** Sample of the runner's specs: a suite file without a test. */
describe('empty sample', () => undefined);
