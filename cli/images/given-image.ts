import type { Component } from '@backendai-e2e/api/components';
import { releaseParts } from '@backendai-e2e/api/release';
import { machineOf } from '../backend-ai/choice.ts';
import { command, tryCommand } from '../machine/command.ts';
import { type Provision, ProvisionError } from '../machine/provision.ts';
import { imageId, pull, REPOSITORY } from './docker.ts';

/** The architectures of images, by those of wheels. */
const ARCHITECTURES = { x86_64: 'amd64', aarch64: 'arm64' } as const;

/** A given image as it is in the engine. */
export interface FoundImage {
  /** Named by its content. */
  ref: string;
  /** Version of the manager in it, where its record says (images/backend-ai/record.py). */
  release?: string;
}

/**
 * Fetches an image unless the engine holds it, and looks whether this machine can run it.
 * @throws ProvisionError for an image that cannot be had, or is for another processor
 */
export async function givenImage(component: Component, ref: string, p: Provision): Promise<FoundImage> {
  const id = (await imageId(p, ref)) ?? ((await pull(p, ref)) ? await imageId(p, ref) : undefined);
  if (id === undefined) {
    throw new ProvisionError(
      `The image ${ref} for ${component} is neither in the engine nor in its registry.`,
      'Build it, or look at its name and at the rights to pull it.',
    );
  }
  const format = '{{.Os}}/{{.Architecture}}';
  const platform = (await tryCommand(p, 'docker', ['image', 'inspect', '--format', format, ref]))?.trim();
  refuseOtherPlatform(ref, platform ?? '', process.arch);
  const cat = ['run', '--rm', '--network', 'none', '--entrypoint', 'cat', ref, '/opt/bai/release.json'];
  const record = await tryCommand(p, 'docker', cat);
  const release = managerIn(record ?? '');
  // A tag may move, and a kept cluster compares references only.
  const own = `${REPOSITORY}/given:${id.replace('sha256:', '').slice(0, 12)}`;
  await command(p, 'docker', ['tag', ref, own]);
  return { ref: own, ...(release === undefined ? {} : { release }) };
}

/** @throws ProvisionError where an image is for another platform ("linux/arm64") than the processor of this machine */
export function refuseOtherPlatform(ref: string, platform: string, arch: string): void {
  const wanted = `linux/${ARCHITECTURES[machineOf(arch)]}`;
  if (platform === wanted) return;
  throw new ProvisionError(
    `The image ${ref} is for ${platform || 'an unknown platform'}, and this machine runs ${wanted}.`,
    `Build it for ${wanted}.`,
  );
}

/** The version of the manager in a record; undefined for another text. */
export function managerIn(record: string): string | undefined {
  let found: unknown;
  try {
    found = JSON.parse(record);
  } catch {
    return undefined;
  }
  const version = (found as { manager?: { version?: unknown } } | null)?.manager?.version;
  return typeof version === 'string' && releaseParts(version) ? version : undefined;
}
