/** One line of out/bench/bench.json. */
export interface BenchRow {
  name: string;
  ours: number;
  floor: number;
  unit: string;
  /** What is compared with the goal: ours divided by floor, or ours minus floor in the unit. */
  by: 'ratio' | 'difference';
  /** ours divided by floor. */
  ratio: number;
  /** The goal for the ratio or the difference. */
  goal: number;
  better: 'lower' | 'higher';
  /** The ratio or difference of each pair of trials, in their order. Empty for a row of one trial. */
  trials: readonly number[];
  /** Median distance of the trials from their median: what the machine's noise does to the row. */
  spread: number;
}

/** Whether a row is within its goal, beyond it by no more than its own spread, or worse. */
export type BenchJudgement = 'within' | 'noise' | 'worse';

/** The medians of trials, and what lies between them. The trials of a pair ran one after the other. */
export function benchRow(
  name: string,
  ours: readonly number[],
  floor: readonly number[],
  { goal, by = 'ratio' }: { goal: number; by?: BenchRow['by'] },
): BenchRow {
  const [a, b] = [median(ours), median(floor)];
  const trials = ours.flatMap((value, index) => {
    const under = floor[index];
    return under === undefined ? [] : [rounded(by === 'ratio' ? value / under : value - under)];
  });
  return {
    ...{ name, ours: rounded(a), floor: rounded(b), unit: 's', by, ratio: rounded(a / b) },
    ...{ goal, better: 'lower' as const, trials, spread: spreadOf(trials) },
  };
}

/** A row of one trial, which has no spread. */
export function singleRow(
  row: Pick<BenchRow, 'name' | 'ours' | 'floor' | 'unit' | 'goal' | 'better'>,
): BenchRow {
  return { ...row, by: 'ratio', ratio: rounded(row.ours / row.floor), trials: [], spread: 0 };
}

/** What is compared with the goal. */
export function judgedValue({ by, ours, floor, ratio }: BenchRow): number {
  return by === 'ratio' ? ratio : rounded(ours - floor);
}

/** Judges a row by its goal and its own spread. */
export function judgementOf(row: BenchRow): BenchJudgement {
  const value = judgedValue(row);
  const beyond = row.better === 'lower' ? value - row.goal : row.goal - value;
  if (beyond <= 0) return 'within';
  return beyond <= row.spread ? 'noise' : 'worse';
}

/** The middle value, or the mean of the two in the middle. Throws for an empty list. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  if (low === undefined || high === undefined) throw new Error('no values to take the median of');
  return (low + high) / 2;
}

function spreadOf(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const middle = median(values);
  return rounded(median(values.map((value) => Math.abs(value - middle))));
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
