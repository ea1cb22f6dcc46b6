import { API_VERSION, KINDS, type KindName } from '@backendai-e2e/api/group';
import { isInvalid } from '@backendai-e2e/kube/api-error';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { Intent, KubeObject } from '@backendai-e2e/kube/object';
import { documentedTable } from '@backendai-e2e/tools/docs-check/documented-table';
import type { ControlPlane } from '@backendai-e2e/tools/envtest/control-plane/control-plane';
import { sharedControlPlane } from '@backendai-e2e/tools/envtest/control-plane/shared-control-plane';
import { LAST_RESORT_MS } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { parse } from 'yaml';

/** Kind, what is wrong (spec in YAML), what the refusal must say; a name when that is the mistake. */
const WRONG: [KindName, string, RegExp, string?][] = [
  ['TestRun', '{}', /environmentRef: Required/],
  ['TestRun', '{environmentRef: {}}', /environmentRef\.name: Required/],
  ['TestRun', '{environmentRef: {name: ""}}', /should match/],
  ['TestRun', '{environmentRef: {name: ../secrets}}', /should match/],
  [
    'TestRun',
    '{environmentRef: {name: e}, moreEnvironmentRefs: [{name: f}, {name: e}]}',
    /moreEnvironmentRefs must not contain spec\.environmentRef/,
  ],
  [
    'TestRun',
    '{environmentRef: {name: e}, moreEnvironmentRefs: [{name: f}, {name: f}]}',
    /moreEnvironmentRefs\[1\]: Duplicate value/,
  ],
  [
    'TestRun',
    `{environmentRef: {name: e}, moreEnvironmentRefs: [${Array.from({ length: 10 }, (_, index) => `{name: e${index}}`)}]}`,
    /must have at most 9 items/,
  ],
  ['TestRun', '{environmentRef: {name: e}, parallelism: 0}', /greater than or equal to 1/],
  ['TestRun', '{environmentRef: {name: e}, parallelism: 51}', /less than or equal to 50/],
  ['TestRun', '{environmentRef: {name: e}, parallelism: many}', /must be of type integer/],
  ['TestRun', '{environmentRef: {name: e}, rounds: 0}', /greater than or equal to 1/],
  ['TestRun', '{environmentRef: {name: e}, rounds: many}', /must be of type integer/],
  ['TestRun', '{environmentRef: {name: e}, timeoutSeconds: 0}', /greater than or equal to 1/],
  ['TestRun', '{environmentRef: {name: e}, timeoutSeconds: 90000}', /less than or equal to 86400/],
  ['TestRun', '{environmentRef: {name: e}, ttlSecondsAfterFinished: -1}', /greater than or equal to 0/],
  ['TestRun', '{environmentRef: {name: e}, retryPolicy: {retries: 11}}', /less than or equal to 10/],
  [
    'TestRun',
    '{environmentRef: {name: e}, retryPolicy: {flaky: Ignore}}',
    /supported values: "Pass", "Fail"/,
  ],
  [
    'TestRun',
    `{environmentRef: {name: e}, grep: ${'x'.repeat(513)}}`,
    /may not be more than 512 bytes|Too long/,
  ],
  ['TestRun', '{environmentRef: {name: e}, queueName: Not/Mine}', /should match/],
  ['TestRun', '{environmentRef: {name: e}, rerunFailedOf: ""}', /should match/],
  ['TestRun', '{environmentRef: {name: e}, suspend: later}', /must be of type boolean/],
  [
    'TestRun',
    '{environmentRef: {name: e}, rerunFailedOf: r, suites: {names: [a]}}',
    /spec\.suites or spec\.rerunFailedOf, not both/,
  ],
  ['TestRun', '{environmentRef: {name: e}, suites: {names: [a, a]}}', /Duplicate value/],
  ['TestRun', '{environmentRef: {name: e}}', /at most 48 characters/, 'r'.repeat(49)],
  ['TestRun', '{environmentRef: {name: e}}', /must not contain a dot/, 'a.b'],
  ['TestSuite', '{}', /files: Required/],
  ['TestSuite', '{files: [], image: i}', /at least 1 item/],
  ['TestSuite', '{files: [a]}', /image: Required/],
  ['TestSuite', '{files: [../../etc/passwd], image: i}', /should match/],
  ['TestSuite', '{files: [a.ts], image: i}', /should match/],
  ['TestSuite', '{files: [a], image: ""}', /at least 1 char/],
  ['TestSuite', '{files: [a], image: "i "}', /should match/],
  ['TestSuite', '{files: [a], image: "a b:c"}', /should match/],
  ['TestSuite', '{files: [a], image: i, runtimeImage: " i"}', /should match/],
  ['TestSuite', '{files: [a], image: i, resources: {limits: {memory: lots}}}', /must be a quantity/],
  ['TestSuite', '{files: [a], image: i, resources: {requests: {cpu: -1m}}}', /must be a quantity/],
  [
    'TestSuite',
    '{files: [a], image: i, resources: {requests: {memory: 1Gi}, limits: {memory: 512Mi}}}',
    /a request must not exceed the limit/,
  ],
  ['TestSuite', '{files: [a], image: i, timeoutSeconds: 20000}', /less than or equal to 14400/],
  ['TestSuite', '{files: [a], image: i, imagePullPolicy: Sometimes}', /supported values/],
  ['TestSuite', '{files: [a], image: i, retries: -1}', /greater than or equal to 0/],
  ['TestEnvironment', '{}', /exactly one of spec\.chart .* and spec\.external/],
  ['TestEnvironment', '{chart: {name: c}, external: {}}', /exactly one of/],
  ['TestEnvironment', '{chart: {name: ../c}}', /should match/],
  [
    'TestEnvironment',
    '{chart: {name: c}, namespace: kube-system}',
    /must not be "default" or start with "kube-"/,
  ],
  ['TestEnvironment', '{chart: {name: c}, namespace: default}', /the operator deletes the namespace/],
  ['TestEnvironment', '{chart: {name: c}, namespace: Not_A_Name}', /should match/],
  ['TestEnvironment', '{external: {}, disruption: Maybe}', /supported values: "Allowed", "Forbidden"/],
  ['TestEnvironment', '{external: {}, ttlSeconds: 0}', /greater than or equal to 1/],
  ['TestEnvironment', '{external: {connectionSecretRef: {}}}', /name: Required/],
  ['TestReport', '{run: r, suite: s}', /attempt: Required/],
  ['TestReport', '{run: r, suite: s, attempt: 0}', /greater than or equal to 1/],
];

/** Kind, spec, merge patch of it, what the refusal must say. */
const FIXED: [KindName, string, string, RegExp][] = [
  [
    'TestRun',
    '{environmentRef: {name: e}}',
    '{environmentRef: {name: f}}',
    /environmentRef cannot change: create another/,
  ],
  [
    'TestRun',
    '{environmentRef: {name: e}, moreEnvironmentRefs: [{name: f}]}',
    '{moreEnvironmentRefs: [{name: g}]}',
    /moreEnvironmentRefs cannot change: create another/,
  ],
  [
    'TestRun',
    '{environmentRef: {name: e}}',
    '{moreEnvironmentRefs: [{name: g}]}',
    /moreEnvironmentRefs cannot change: create another/,
  ],
  [
    'TestRun',
    '{environmentRef: {name: e}}',
    '{suites: {names: [a]}}',
    /spec\.suites cannot change: create another/,
  ],
  ['TestRun', '{environmentRef: {name: e}, grep: a}', '{grep: b}', /spec\.grep cannot change/],
  ['TestRun', '{environmentRef: {name: e}, rounds: 3}', '{rounds: 4}', /spec\.rounds cannot change/],
  ['TestRun', '{environmentRef: {name: e}, queueName: a}', '{queueName: b}', /queueName cannot change/],
  ['TestRun', '{environmentRef: {name: e}}', '{rerunFailedOf: r}', /rerunFailedOf cannot change/],
  ['TestRun', '{environmentRef: {name: e}, cancel: true}', '{cancel: false}', /cancel cannot change back/],
  ['TestEnvironment', '{external: {}}', '{external: null, chart: {name: c}}', /cannot change between/],
  ['TestEnvironment', '{chart: {name: c}, namespace: a}', '{namespace: b}', /spec\.namespace cannot change/],
  ['TestReport', '{run: r, suite: s, attempt: 1}', '{attempt: 2}', /spec of a TestReport cannot change/],
];

const NAMESPACE = 'refused';

/** Without what differs from one object to the next, and with long runs of a letter counted. */
function inShort(text: string): string {
  return (
    text
      .replace(/^.*? is invalid: /s, '')
      // What follows from the mistake that was just named, and says nothing more.
      .replace(/^\[(.*), <nil>: Invalid value: null: some validation rules were not checked .*\]$/s, '$1')
      .replace(/(\w)\1{40,}/g, (run: string, letter: string) => `${letter}×${run.length}`)
  );
}

describe('the API server refuses', function () {
  this.timeout(LAST_RESORT_MS);
  let plane: ControlPlane;
  let client: KubeClient;
  let count = 0;
  /** What was asked for and what was answered, in the order of the tests. */
  const answers: [string, string, string][] = [];

  before(async () => {
    plane = await sharedControlPlane();
    client = plane.client();
    await plane.createNamespace(NAMESPACE);
  });
  after(() => plane?.stop());

  const resourceOf = (kind: KindName) => ({ apiVersion: API_VERSION, kind, plural: KINDS[kind].plural });

  function create(kind: KindName, spec: string, name = `object-${count++}`): Promise<KubeObject> {
    // The cast: these objects are wrong on purpose.
    const object = { metadata: { name, namespace: NAMESPACE }, spec: parse(spec) } as Intent<KubeObject>;
    return client.create(resourceOf(kind), object);
  }

  async function refusal(work: Promise<unknown>): Promise<string> {
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!isInvalid(error)) throw new Error(`it was not refused as invalid: ${String(error)}`);
    return error.message;
  }

  for (const [kind, spec, sentence, name] of WRONG) {
    const shown = name ? `name ${name.slice(0, 12)}` : spec.slice(0, 90);
    it(`a ${kind} with ${shown}`, async () => {
      const answer = await refusal(create(kind, spec, name));
      expect(answer).to.match(sentence);
      answers.push([
        kind,
        inShort(name ? `{metadata: {name: ${name}}, spec: ${spec}}` : spec),
        inShort(answer),
      ]);
    });
  }

  for (const [kind, spec, change, sentence] of FIXED) {
    it(`the change ${change} of a ${kind}`, async () => {
      const { metadata } = await create(kind, spec);
      const at = { namespace: NAMESPACE, name: metadata.name };
      const patch = client.mergePatch(resourceOf(kind), at, { spec: parse(change) });
      const answer = await refusal(patch);
      expect(answer).to.match(sentence);
      answers.push([kind, `${spec} → ${change}`, inShort(answer)]);
    });
  }

  it('each with the answer that docs/bad-input.md shows', () => {
    expect(answers)
      .to.have.length(WRONG.length + FIXED.length)
      .that.is.at.least(40);
    const { found, wanted } = documentedTable('bad-input.md', 'refused', ['kind', 'spec', 'answer'], answers);
    expect(found).to.equal(wanted);
  });

  it('nothing that is right, and fills in the defaults', async () => {
    const run = await create('TestRun', '{environmentRef: {name: e}}');
    expect(run)
      .to.have.property('spec')
      .that.deep.equals({
        environmentRef: { name: 'e' },
        failFast: false,
        parallelism: 1,
        timeoutSeconds: 7200,
        environmentTimeoutSeconds: 120,
        suspend: false,
        cancel: false,
        keepFailed: true,
      });
  });
});
