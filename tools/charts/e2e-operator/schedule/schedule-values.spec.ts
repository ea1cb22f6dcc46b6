import { expect } from 'chai';
import { execa } from 'execa';
import { helmPath } from '../../../envtest/processes/pinned-tools.ts';
import { CHART, IMAGES } from '../../rendering/e2e-operator.ts';
import { GOOD_SCHEDULES, type ScheduleValues, WRONG_SCHEDULES } from './schedule-values.ts';

describe('the schedule of charts/e2e-operator', function () {
  this.timeout(60_000);
  const render = (schedule: ScheduleValues) => {
    const values = ['--set-json', `schedule=${JSON.stringify(schedule)}`];
    const args = ['template', 'e2e', CHART, ...IMAGES, ...values, '--show-only', 'templates/schedule.yaml'];
    return execa(helmPath(), args, { reject: false });
  };

  for (const schedule of GOOD_SCHEDULES) {
    it(`may be ${schedule.cron} in ${schedule.timeZone}`, async () => {
      const { exitCode, stderr } = await render(schedule);
      expect(exitCode, stderr).to.equal(0);
    });
  }
  for (const { says, ...schedule } of WRONG_SCHEDULES) {
    it(`is refused before anything is installed: ${schedule.cron} in "${schedule.timeZone}"`, async () => {
      const { exitCode, stderr } = await render(schedule);
      expect(exitCode).to.not.equal(0);
      expect(stderr).to.include(says);
    });
  }
});
