import { readMetric } from './metrics.ts';

/** Number of requests that a component has answered with a status, by its own metrics (APIMetricObserver). */
export async function answeredWith(url: string, status: number): Promise<number> {
  const samples = await readMetric(url, 'backendai_api_request_count_total');
  return samples
    .filter(({ labels }) => labels.status_code === String(status))
    .reduce((sum, { value }) => sum + value, 0);
}
