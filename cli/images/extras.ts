import { cp, link, mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { BackendAi } from '../backend-ai/packages.ts';
import { command } from '../machine/command.ts';
import { moduleFolder } from '../machine/go.ts';
import { unlessMissing } from '../machine/optional-file.ts';
import { PROJECT_ROOT, type Provision } from '../machine/provision.ts';
import { ensureTool, type ToolName, toolVersion } from '../machine/tools.ts';
import { VERSIONS } from '../machine/versions.ts';
import { contentKey, pathParts } from './content-key.ts';

/** What an extra may use of the builder. */
export interface Builder {
  p: Provision;
  /** What the images of Backend.AI hold. */
  backendAi: BackendAi;
  /** Content key of another image, without building it. */
  keyOf(image: string): Promise<string>;
  /** Full reference of another image, built if need be. */
  build(image: string): Promise<string>;
  /** Aborts everything that this builder still does, after one part failed. */
  stop(reason: unknown): void;
}

/** Something that a build context contains besides the image's own folder. */
export interface Extra {
  /** Its path in the context. */
  to: string;
  /** Content key, computed without making it. */
  key(builder: Builder): Promise<string>;
  /** Puts it at `target`, which does not exist yet (its parent folder does). */
  put(builder: Builder, target: string): Promise<void>;
}

/** A file or folder of the checkout. */
export function projectPath(from: string, to: string): Extra {
  const source = path.join(PROJECT_ROOT, from);
  return {
    to,
    key: async () => contentKey(await pathParts(source)),
    put: (_, target) => cp(source, target, { recursive: true, verbatimSymlinks: true }),
  };
}

/** Another image of ours as a docker archive (`docker save`). */
export function savedImage(image: string, to: string): Extra {
  return {
    to,
    key: (builder) => builder.keyOf(image),
    put: async (builder, target) => {
      const ref = await builder.build(image);
      await command(builder.p, 'docker', ['save', '-o', target, ref], { timeoutSeconds: 300 });
    },
  };
}

/** A tool of the cache: a static Linux binary. */
export function tool(name: ToolName, to: string): Extra {
  return {
    to,
    key: async () => `${name}-${toolVersion(name)}`,
    put: async (builder, target) => {
      const source = await ensureTool(name, builder.p, { fromPath: false });
      await linkOrCopy(source, target);
    },
  };
}

/**
 * The files that kind puts into its node images: entrypoint, units, containerd settings. They come from the Go module of the
 * pinned version.
 */
export function kindFiles(to: string): Extra {
  return {
    to,
    key: async () => VERSIONS.kind,
    put: async (builder, target) => {
      const module = await moduleFolder(builder.p, 'sigs.k8s.io/kind', VERSIONS.kind);
      // Without its modes: the module cache is read-only, which would keep the context from being removed.
      await command(builder.p, 'cp', [
        '-r',
        '--no-preserve=mode',
        path.join(module, 'images/base/files'),
        target,
      ]);
      // Ours is in the base image already.
      await rm(path.join(target, 'usr/local/bin/clean-install'));
    },
  };
}

/** Where Debian and Ubuntu keep certificate authorities that were added to a machine. */
const HOST_CERTIFICATES = '/usr/local/share/ca-certificates';

/**
 * The certificate authorities added to this machine, as *.crt files; an empty folder where there are none.
 * Behind a proxy that re-signs TLS, package downloads inside a build fail without them.
 */
export function hostCertificates(to: string): Extra {
  return {
    to,
    key: async () => contentKey(await certificateParts()),
    put: async (_, target) => {
      await mkdir(target);
      for (const name of Object.keys(await certificateParts())) {
        await cp(path.join(HOST_CERTIFICATES, name), path.join(target, path.basename(name)), {
          dereference: true,
        });
      }
    },
  };
}

async function certificateParts(): Promise<Record<string, string>> {
  if (!(await unlessMissing(readdir(HOST_CERTIFICATES)))) return {};
  return Object.fromEntries(
    Object.entries(await pathParts(HOST_CERTIFICATES)).filter(([name]) => name.endsWith('.crt')),
  );
}

/** A hard link on the same file system, else a copy. */
export async function linkOrCopy(source: string, target: string): Promise<void> {
  try {
    await link(source, target);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error;
    await rm(target, { force: true });
    await cp(source, target);
  }
}
