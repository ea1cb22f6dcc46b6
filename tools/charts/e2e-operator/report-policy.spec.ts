import { TestReportStatus } from '@backendai-e2e/api/schemas/test-report';
import { expect } from 'chai';
import { CHART, IMAGES, template } from '../rendering/e2e-operator.ts';

/** Fields of the status that only the operator writes. Every other field is a result of the runner. */
const OF_OPERATOR = ['artifacts', 'firstCause', 'conditions'];

describe('the policy of charts/e2e-operator for TestReports', function () {
  this.timeout(60_000);

  it('lets an attempt write every result that the CRD has, and no field of the operator', async () => {
    const objects = await template(CHART, ...IMAGES);
    const policy = objects.find(
      ({ kind, metadata }) => kind === 'ValidatingAdmissionPolicy' && /-reports$/.test(metadata?.name ?? ''),
    );
    // The cast: the policy is found by its kind and name.
    const { variables } = (
      policy as unknown as { spec: { variables: { name: string; expression: string }[] } }
    ).spec;
    const list = variables.find(({ name }) => name === 'results')?.expression ?? '';
    const allowed = [...list.matchAll(/'(\w+)'/g)].map(([, field]) => field);
    const results = Object.keys(TestReportStatus.properties).filter((field) => !OF_OPERATOR.includes(field));
    expect(allowed).to.have.members(results);
  });
});
