import { readFile } from 'node:fs/promises';
import { RUN_DEFAULTS, SCHEDULE_DEFAULTS } from '@backendai-e2e/api/defaults';
import { expect } from 'chai';

describe('the schedule of the chart', () => {
  it('counts its deadline from the defaults of a run', async () => {
    const template = await readFile(
      new URL('../../../../charts/e2e-operator/templates/schedule.yaml', import.meta.url),
      'utf8',
    );
    expect(template).to.contain(
      `.run.startDeadlineSeconds | default ${SCHEDULE_DEFAULTS.startDeadlineSeconds} `,
    );
    expect(template).to.contain(`.run.timeoutSeconds | default ${RUN_DEFAULTS.timeoutSeconds} `);
  });
});
