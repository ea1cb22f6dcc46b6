import { readMetric } from './metrics.ts';

/** Metrics of open files: of processes that start.py of the chart starts, and of those that prometheus_client describes itself. */
const METRICS = ['backendai_e2e_open_files', 'process_open_fds'];
/** Open files of all processes of a component; undefined: the deployment does not report them. @param url serves /metrics */
export async function openFiles(url: string): Promise<number | undefined> {
  for (const name of METRICS) {
    const samples = await readMetric(url, name);
    if (samples.length > 0) return samples.reduce((sum, { value }) => sum + value, 0);
  }
  return undefined;
}
