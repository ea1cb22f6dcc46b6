import { expect } from 'chai';
import { type MatrixChoice, matrixCommand } from './matrix.ts';

const tests = { suites: 'session-lifecycle', includeSlow: true, timeoutSeconds: 60, parallelism: 1 };

/** The plan of a matrix, or the reason for its refusal, with the exit code. */
async function planOf(choice: Partial<MatrixChoice> & { versions: string }): Promise<[number, string]> {
  const { log, error } = console;
  const said: string[] = [];
  console.log = (line: unknown) => void said.push(String(line));
  console.error = console.log;
  try {
    return [await matrixCommand({ ...tests, ...choice, dryRun: true }), said.join('\n')];
  } finally {
    Object.assign(console, { log, error });
  }
}

describe('the plan of e2e matrix', () => {
  it('has a column for each value, with its folder and the suites', async () => {
    const [code, plan] = await planOf({ versions: '26.8.3,26.9.0' });
    expect(code).to.equal(0);
    expect(plan).to.include('deploy 26.8.3; results in out/matrix/1-26.8.3\n');
    expect(plan).to.include('suites on each: session-lifecycle\n');
  });
  it('marks the informational columns', async () => {
    const [, plan] = await planOf({ versions: '26.9.6,../backend.ai', informational: '../backend.ai' });
    expect(plan).to.include('deploy ../backend.ai (informational)');
  });
  it('has a list by component as one column', async () => {
    const [, plan] = await planOf({ versions: '26.9.6;manager=26.9.6,agent=26.9.0' });
    expect(plan).to.include('deploy manager=26.9.6,agent=26.9.0; results');
  });
  it('ends with 2 for what cannot be a matrix, before anything is deployed', async () => {
    for (const [choice, says] of [
      [{ versions: '26.9.6' }, 'fewer than two columns'],
      [{ versions: '26.9.0,26.9.6', suites: 'nothing' }, '"nothing"'],
      [{ versions: '26.9.0,26.9.6', grep: '(' }, '('],
    ] as const) {
      const [code, said] = await planOf(choice);
      expect(code, said).to.equal(2);
      expect(said).to.include(says);
    }
  });
});
