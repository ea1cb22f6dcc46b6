import { existsSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Component } from '@backendai-e2e/api/components';
import { tryCommand } from '../machine/command.ts';
import { type Provision, ProvisionError } from '../machine/provision.ts';
import {
  type Checkout,
  checkoutState,
  checkoutVersion,
  REQUIREMENTS,
  runtimeRequirements,
  SOURCES,
  VERSION_FILES,
} from './checkout.ts';
import { componentList } from './components.ts';
import { type AskedRelease, askedRelease } from './release.ts';
import { type Machine, readWheels, type Wheel } from './wheels.ts';

/** Where the packages of Backend.AI come from, as far as this machine shows. */
export type Source =
  | AskedRelease
  | { kind: 'wheels'; folder: string; release: string; wheels: Wheel[] }
  | ({ kind: 'checkout'; folder: string } & Checkout);

/** An image that is there already. */
export interface GivenImage {
  kind: 'image';
  ref: string;
}

/** Which Backend.AI to deploy: one for all components, or one for each that is named. The others are of the pinned release. */
export type Choice =
  | Source
  | { kind: 'components'; components: Partial<Record<Component, Source | GivenImage>> };

/** The processor of this machine, as wheels name it. @throws ProvisionError for one that Backend.AI has no packages for */
export function machineOf(arch: string): Machine {
  if (arch === 'x64') return 'x86_64';
  if (arch === 'arm64') return 'aarch64';
  throw new ProvisionError(
    `Backend.AI has no packages for the processor ${arch}.`,
    'Run this on x86_64 or aarch64.',
  );
}

/** A reference of an image, with a tag or a digest. */
const REFERENCE = /^[\w][\w.-]*(:\d+)?(\/[\w][\w.-]*)*(:[\w][\w.-]*|@sha256:[0-9a-f]{64})$/;

/**
 * Reads the value of --backend-ai (BACKENDAI). The value is a release, a series, "latest", a folder of wheels or a checkout. It may
 * also be a list of such values by component.
 * @param text a path in it is relative to the working directory
 * @throws ProvisionError that says what to give instead
 */
export async function readChoice(text: string, p: Provision): Promise<Choice> {
  if (text.startsWith('image=')) {
    throw new ProvisionError(
      `--backend-ai (BACKENDAI) is "${text}", an image for no component.`,
      `Say which component runs it: manager=${text}.`,
    );
  }
  const list = componentList(text);
  if (!list) return readSource(text, p);
  const components: Partial<Record<Component, Source | GivenImage>> = {};
  for (const [component, value] of list) {
    components[component] = value.startsWith('image=')
      ? givenImage(component, value.slice('image='.length))
      : await readSource(value, p);
  }
  return { kind: 'components', components };
}

function givenImage(component: Component, ref: string): GivenImage {
  if (REFERENCE.test(ref)) return { kind: 'image', ref };
  throw new ProvisionError(
    `--backend-ai (BACKENDAI) gives ${component} the image "${ref}", which is no reference with a tag or a digest.`,
    'Give its full reference, as registry.example/backend-ai:1.',
  );
}

async function readSource(text: string, p: Provision): Promise<Source> {
  const asked = askedRelease(text);
  if (asked) return asked;
  const folder = path.resolve(text);
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new ProvisionError(
      `--backend-ai (BACKENDAI) is "${text}", which is neither a release nor a folder.`,
      'Give a release (26.9.6), a series (26.9), latest, a folder of wheels or a checkout of the monorepo.',
    );
  }
  if (existsSync(path.join(folder, SOURCES))) return readCheckout(folder, p);
  const files = await readdir(folder);
  if (!files.some((file) => file.endsWith('.whl'))) {
    throw new ProvisionError(
      `${text} holds neither wheels (*.whl) nor the sources of Backend.AI (${SOURCES}).`,
      "Name the folder that upstream's build writes, usually dist, or the root of a checkout of the monorepo.",
    );
  }
  return { kind: 'wheels', folder, ...readWheels(text, files, machineOf(process.arch)) };
}

async function readCheckout(folder: string, p: Provision): Promise<Source> {
  const text = async (file: string): Promise<string | undefined> => {
    const full = path.join(folder, file);
    return existsSync(full) ? readFile(full, 'utf8') : undefined;
  };
  const versions = await Promise.all(VERSION_FILES.map(text));
  const version = checkoutVersion(
    folder,
    versions.find((found) => found !== undefined),
  );
  const git = (...args: string[]) => tryCommand(p, 'git', ['-C', folder, ...args]);
  const watched = [SOURCES, REQUIREMENTS, ...VERSION_FILES].filter((file) =>
    existsSync(path.join(folder, file)),
  );
  const state = checkoutState(
    await git('rev-parse', 'HEAD'),
    await git('status', '--porcelain', '--untracked-files=all', '--', ...watched),
  );
  const requirements = runtimeRequirements((await text(REQUIREMENTS)) ?? '');
  return { kind: 'checkout', folder, version, requirements, ...state };
}

/** What a choice is called in messages: "26.8.3", "26.9 (newest patch)", "checkout ../backend.ai (26.9.6, 1a2b3c4d5e6f, modified)". */
export function choiceInWords(choice: Choice | GivenImage): string {
  switch (choice.kind) {
    case 'components':
      return Object.entries(choice.components)
        .map(([component, one]) => `${component} ${choiceInWords(one)}`)
        .join(', ');
    case 'image':
      return `image ${choice.ref}`;
    case 'release':
      return choice.version;
    case 'series':
      return `${choice.series} (newest patch)`;
    case 'latest':
      return 'the newest release';
    case 'wheels':
      return `${choice.wheels.length} wheels of ${choice.folder} (${choice.release})`;
    case 'checkout': {
      const { version, commit, modified, folder } = choice;
      const facts = [version, commit?.slice(0, 12), modified ? 'modified' : undefined];
      return `checkout ${folder} (${facts.filter((fact) => fact !== undefined).join(', ')})`;
    }
  }
}
