import { type ForecastSuite, forecast } from '@backendai-e2e/scheduling/forecast';
import type { Beside } from './idle.ts';

/**
 * Seconds by which the run would end earlier without each suite of its critical path, first to last. The other suites take what
 * they took, and start in the same order, as the operator starts them. So it is the most that shortening a suite brings. Pure.
 */
export function gainsOf(
  critical: readonly Beside[],
  attempts: readonly Beside[],
  places: { environments: number; parallelism: number },
): number[] {
  const all = forecastSuites(attempts);
  const whole = forecast(all, places).seconds;
  const last = critical.at(-1);
  return critical.map((one) => {
    const without = all.filter(({ name }) => name !== one.suite);
    const gain = Math.max(0, whole - forecast(without, places).seconds);
    // Nothing follows the last one. So what it brings is known, also where the run went otherwise than forecast.
    return one === last ? Math.max(gain, aloneAtTheEnd(one, attempts)) : gain;
  });
}

/** Seconds at the end of the run in which only this attempt ran. */
function aloneAtTheEnd(last: Beside, attempts: readonly Beside[]): number {
  const others = attempts.filter((each) => each !== last).map(({ to }) => to);
  return (last.to - Math.max(last.from, ...others)) / 1000;
}

/** The suites in the order of their first attempts. The attempts of a suite count together. */
function forecastSuites(attempts: readonly Beside[]): ForecastSuite[] {
  const suites = new Map<string, ForecastSuite>();
  for (const { suite, from, to, traits = {} } of attempts.toSorted((a, b) => a.from - b.from)) {
    const seconds = (to - from) / 1000;
    const known = suites.get(suite);
    // A suite that is last runs once in each environment.
    const sum = known && !traits.last ? known.seconds + seconds : Math.max(known?.seconds ?? 0, seconds);
    suites.set(suite, { name: suite, seconds: sum, traits });
  }
  return [...suites.values()];
}
