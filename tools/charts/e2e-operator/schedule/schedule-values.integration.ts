import { isInvalid } from '@backendai-e2e/kube/api-error';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { KubeObject, Resource } from '@backendai-e2e/kube/object';
import { expect } from 'chai';
import type { ControlPlane } from '../../../envtest/control-plane/control-plane.ts';
import { sharedControlPlane } from '../../../envtest/control-plane/shared-control-plane.ts';
import { LAST_RESORT_MS } from '../../../envtest/waits/until.ts';
import { GOOD_SCHEDULES, type ScheduleValues, WRONG_SCHEDULES } from './schedule-values.ts';

interface CronJob extends KubeObject {
  spec: { schedule: string; timeZone: string; suspend: boolean; jobTemplate: object };
}
const CRON_JOBS: Resource<CronJob> = { apiVersion: 'batch/v1', kind: 'CronJob', plural: 'cronjobs' };

describe('a CronJob in a real API server', function () {
  this.timeout(LAST_RESORT_MS);
  let plane: ControlPlane;
  let client: KubeClient;
  const namespace = 'schedules';

  before(async () => {
    plane = await sharedControlPlane();
    client = plane.client();
    await plane.createNamespace(namespace);
  });
  after(() => plane?.stop());

  const create = ({ cron, timeZone }: ScheduleValues, name: string) =>
    client.create(CRON_JOBS, {
      metadata: { name, namespace },
      spec: {
        ...{ schedule: cron, timeZone, suspend: true },
        jobTemplate: {
          spec: {
            template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } },
          },
        },
      },
    });

  it('is created for what the chart takes, and refused for what the chart refuses', async () => {
    for (const [index, schedule] of GOOD_SCHEDULES.entries()) await create(schedule, `good-${index}`);
    for (const [index, schedule] of WRONG_SCHEDULES.entries()) {
      const error = await create(schedule, `wrong-${index}`).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(isInvalid(error), `${JSON.stringify(schedule)}: ${error}`).to.equal(true);
    }
  });
});
