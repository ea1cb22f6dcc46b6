/** A cron expression and its time zone, as values of charts/e2e-operator. */
export interface ScheduleValues {
  cron: string;
  timeZone: string;
}

const of = (cron: string, timeZone = 'Etc/UTC'): ScheduleValues => ({ cron, timeZone });

/** Schedules that a cluster takes. */
export const GOOD_SCHEDULES: readonly ScheduleValues[] = [
  of('30 2 * * 1-5', 'Asia/Seoul'),
  of('0,30 */6 1-15/2 jan,JUL Mon-FRI', 'America/Argentina/Buenos_Aires'),
  of('59 23 31 12 0', 'UTC'),
  of('05 03 ? * ?', 'Africa/Abidjan'),
  of('@daily', 'Etc/GMT+9'),
];

/** Schedules that no cluster takes, and what the chart says of each. */
export const WRONG_SCHEDULES: readonly (ScheduleValues & { says: string })[] = [
  { ...of('61 2 * * *'), says: 'its minute is "61": use 0 to 59' },
  { ...of('0 24 * * *'), says: 'its hour is "24": use 0 to 23' },
  { ...of('0 2 0 * *'), says: 'its day of the month is "0": use 1 to 31' },
  { ...of('0 2 * 13 *'), says: 'its month is "13": use 1 to 12' },
  { ...of('0 2 * * 7'), says: 'its day of the week is "7": use 0 (Sunday) to 6' },
  { ...of('0 2 * * someday'), says: 'its day of the week is "someday"' },
  { ...of('*/0 2 * * *'), says: 'its minute is "*/0"' },
  { ...of('0 2 * * *', 'Asia/Soul'), says: 'schedule.timeZone is "Asia/Soul"' },
  { ...of('0 2 * * *', 'KST9'), says: 'schedule.timeZone is "KST9"' },
  { ...of('0 2 * * *', 'Local'), says: 'schedule.timeZone is "Local"' },
  { ...of('CRON_TZ=Asia/Seoul 0 2 * * *'), says: 'schedule' },
  { ...of('0 2 * *'), says: 'schedule' },
  { ...of('@noon'), says: 'schedule' },
  { ...of('0 2 * * *', ''), says: 'timeZone' },
];
