import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { missingCapabilities } from './capabilities.ts';

/** Facts about the host that decide how engine, node image and cluster are made. */
export interface Host {
  /** 2: the unified hierarchy is mounted at /sys/fs/cgroup; 1: the older one; undefined: not Linux. */
  cgroup: 1 | 2 | undefined;
  /** Capabilities that this process's bounding set lacks; empty where it has all, or off Linux. */
  missingCapabilities: string[];
  /** ID and ID_LIKE of /etc/os-release, lower case. */
  families: string[];
  root: boolean;
  /** Limits of inotify for each user; undefined: not Linux. */
  inotify: { instances: number; watches: number } | undefined;
  /** Whether systemd is the init process. */
  systemd: boolean;
}

/** Reads the host's facts. Never fails for a file that another system does not have. */
export async function inspectHost(): Promise<Host> {
  const status = await readIfThere('/proc/self/status');
  const lastCap = await readIfThere('/proc/sys/kernel/cap_last_cap');
  return {
    cgroup:
      process.platform !== 'linux' ? undefined : existsSync('/sys/fs/cgroup/cgroup.controllers') ? 2 : 1,
    missingCapabilities:
      status === undefined || lastCap === undefined ? [] : missingCapabilities(status, Number(lastCap)),
    families: osFamilies((await readIfThere('/etc/os-release')) ?? ''),
    inotify: await inotifyLimits(),
    root: process.getuid?.() === 0,
    systemd: existsSync('/run/systemd/system'),
  };
}

async function inotifyLimits(): Promise<Host['inotify']> {
  const limit = (name: string) => readIfThere(`/proc/sys/fs/inotify/max_user_${name}`);
  const [instances, watches] = await Promise.all([limit('instances'), limit('watches')]);
  if (instances === undefined || watches === undefined) return undefined;
  return { instances: Number(instances), watches: Number(watches) };
}

/** ID and ID_LIKE of an os-release text, e.g. ["ubuntu", "debian"]. */
export function osFamilies(osRelease: string): string[] {
  const value = (key: string): string[] =>
    (new RegExp(`^${key}="?([^"\n]*)"?$`, 'm').exec(osRelease)?.[1] ?? '')
      .toLowerCase()
      .split(/\s+/)
      .filter(Boolean);
  return [...value('ID'), ...value('ID_LIKE')];
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES')) {
      return undefined;
    }
    throw error;
  }
}
