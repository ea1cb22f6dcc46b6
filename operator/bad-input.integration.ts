import { conditionOf } from '@backendai-e2e/api/conditions';
import type { TestEnvironmentSpec } from '@backendai-e2e/api/test-environment';
import { documentedTable } from '@backendai-e2e/tools/docs-check/documented-table';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import { LAST_RESORT_MS } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { parse } from 'yaml';

/** A run, optionally with an environment of its own (specs in YAML), and how it is answered. */
interface Wrong {
  run: string;
  environment?: string;
  /** Reason of the condition Succeeded. */
  reason: string;
  /** What is said, in the condition or in the line of the suite. */
  says: RegExp;
}

const WRONG: Wrong[] = [
  {
    run: '{suites: {names: [nonsense]}}',
    reason: 'UnknownSuites',
    says: /no TestSuite called nonsense; there are: alpha/,
  },
  {
    run: '{suites: {names: [../../etc/passwd]}}',
    reason: 'UnknownSuites',
    says: /called \.\.\/\.\.\/etc\/passwd/,
  },
  { run: '{suites: {matchLabels: {area: none}}}', reason: 'NoSuites', says: /no TestSuite with area=none/ },
  {
    run: '{grep: "("}',
    reason: 'InvalidGrep',
    says: /spec\.grep is not a JavaScript regular expression: .*Unterminated group/,
  },
  { run: '{rerunFailedOf: nobody}', reason: 'NothingToRerun', says: /there is no TestRun nobody/ },
  {
    run: '{environmentRef: {name: nowhere}, environmentTimeoutSeconds: 1}',
    reason: 'EnvironmentNotFound',
    says: /nowhere/,
  },
  {
    run: '{environmentTimeoutSeconds: 1}',
    environment: '{external: {connectionSecretRef: {name: absent}}}',
    reason: 'EnvironmentNotReady',
    says: /Secret absent/,
  },
  {
    run: '{environmentTimeoutSeconds: 1}',
    environment: '{chart: {name: nonsense}}',
    reason: 'EnvironmentFailed',
    says: /carries no chart nonsense; it has: .*tiny/,
  },
  {
    run: '{environmentTimeoutSeconds: 1}',
    environment: '{chart: {name: tiny}, namespace: somebodys}',
    reason: 'EnvironmentFailed',
    says: /namespace somebodys exists and was not made for this TestEnvironment: create this TestEnvironment with another/,
  },
  {
    run: '{environmentTimeoutSeconds: 1}',
    environment: '{chart: {name: tiny, values: {image: "x\\n  injected: [", replicas: many}}}',
    reason: 'EnvironmentFailed',
    says: /helm upgrade --install/,
  },
];

describe('bad input that only the cluster can detect', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;

  before(async () => {
    harness = await startOperatorHarness();
    await harness.suite('alpha');
    await harness.environment('ext');
    await harness.plane.createNamespace('somebodys');
    harness.startOperator();
  });
  after(() => harness?.stop());

  it('is answered with a sentence, and blocks no other run', async () => {
    for (const [index, { run, environment }] of WRONG.entries()) {
      const name = `wrong-${index}`;
      // The cast: an object that is wrong on purpose.
      if (environment) await harness.environment(name, parse(environment) as TestEnvironmentSpec);
      await harness.run(name, environment ? name : 'ext', parse(run));
    }
    const answers: string[][] = [];
    for (const [index, { run, environment, reason, says }] of WRONG.entries()) {
      const { status } = await harness.finished(`wrong-${index}`);
      const succeeded = conditionOf(status?.conditions, 'Succeeded');
      expect(succeeded).to.deep.include({ status: 'False', reason });
      const [line] = status?.suites ?? [];
      const answer = [succeeded?.message, line?.message].find((text) => text && says.test(text));
      expect(answer, `${run}: ${succeeded?.message}; ${line?.message}`).not.to.equal(undefined);
      answers.push([run, environment ?? '', `${reason}: ${answer}`]);
    }
    await harness.run('right', 'ext', { suites: { names: ['alpha'] } });
    await harness.attempt('right-alpha-1', 'Passed');
    expect((await harness.finished('right')).status?.verdict).to.equal('Passed');
    const head = ['spec of the run', 'spec of its environment', 'answer'];
    const { found, wanted } = documentedTable('bad-input.md', 'ended', head, answers);
    expect(found).to.equal(wanted);
  });
});
