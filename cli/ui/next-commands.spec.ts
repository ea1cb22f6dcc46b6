import { run, suite } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import { nextCommands } from './next-commands.ts';

const names = { namespace: 'backendai-e2e' };

describe('the commands for a run', () => {
  it('repeat what failed, and print its output', () => {
    const failed = run([suite('storage', 'Failed'), suite('audit', 'Passed')], {
      status: 'False',
      reason: 'SuitesFailed',
    });
    const commands = nextCommands({ run: failed, reports: [] }, { ...names, context: "it's mine" });
    expect(commands.map(({ command }) => command)).to.deep.equal([
      "./e2e logs run storage --context 'it'\\''s mine' --namespace backendai-e2e",
      "./e2e rerun run --failed --context 'it'\\''s mine' --namespace backendai-e2e",
      "./e2e report run --context 'it'\\''s mine' --namespace backendai-e2e",
      "kubectl get testrun run --output yaml --context 'it'\\''s mine' --namespace backendai-e2e",
    ]);
  });

  it('end a run that goes on', () => {
    const going = run([], { status: 'Unknown', reason: 'Running' });
    const commands = nextCommands({ run: going, reports: [] }, names).map(({ command }) => command);
    expect(commands.slice(0, 2)).to.deep.equal([
      './e2e watch run --namespace backendai-e2e',
      './e2e cancel run --namespace backendai-e2e',
    ]);
  });
});
