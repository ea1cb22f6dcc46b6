import type { Component } from './sbom.ts';
import { filesOf } from './tar.ts';

/** Where images/node-runtime keeps what Debian's packages say about themselves. */
const DEBIAN_STATUS = /^var\/lib\/dpkg\/status\.d\/[^/]+$/;
/** Of npm packages, not of folders inside them. */
const NPM_MANIFEST = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/@]+)\/package\.json$/;
/** Versions of process.versions that are no versions of software. */
const NO_SOFTWARE: ReadonlySet<string> = new Set(['modules', 'napi', 'cldr', 'tz', 'unicode']);
/** The workspaces of the project itself: they are what the image is, not what it contains. */
const OWN = '@backendai-e2e/';

/** What the layers of an image contain: packages of npm and of Debian. */
export function componentsOf(layers: readonly Buffer[]): Component[] {
  const found: Component[] = [];
  for (const layer of layers) {
    for (const { name, content } of filesOf(layer)) {
      if (DEBIAN_STATUS.test(name)) found.push(debianPackage(content.toString()));
      else if (NPM_MANIFEST.test(name)) found.push(...npmPackage(content.toString()));
    }
  }
  return found;
}

function npmPackage(manifest: string): Component[] {
  const { name, version, license } = JSON.parse(manifest) as Record<string, unknown>;
  // A package.json without both only sets the type of a folder.
  if (typeof name !== 'string' || typeof version !== 'string' || name.startsWith(OWN)) return [];
  return [
    {
      ...{ name, version, purl: `pkg:npm/${name.replace(/^@/, '%40')}` },
      license: typeof license === 'string' ? license : undefined,
    },
  ];
}

/** @param status the fields that dpkg has of one package. Throws an Error without a name or a version */
function debianPackage(status: string): Component {
  const field = (name: string) => new RegExp(`^${name}: (.+)$`, 'm').exec(status)?.[1];
  const [name, version] = [field('Package'), field('Version')];
  if (!name || !version) throw new Error(`no package of Debian: ${status.slice(0, 80)}`);
  return { name, version, purl: `pkg:deb/debian/${name}` };
}

/** Node.js and what is compiled into it. @param versions process.versions of the same binary */
export function nodeComponents(versions: Readonly<Record<string, string | undefined>>): Component[] {
  return Object.entries(versions).flatMap(([name, version]) =>
    version === undefined || NO_SOFTWARE.has(name) ? [] : [{ name, version, purl: `pkg:generic/${name}` }],
  );
}

/** The modules that a Go program is made of. @param text what `go version -m` prints of it */
export function goComponents(text: string): Component[] {
  const found: Component[] = [];
  for (const line of text.split('\n')) {
    const [kind, name, version] = line.trim().split('\t');
    if (!name || !version) continue;
    const component = { name, version, purl: `pkg:golang/${name}` };
    if (kind === 'mod' || kind === 'dep') found.push(component);
    // A replacement is what is really in it.
    else if (kind === '=>') found.splice(-1, 1, component);
  }
  return found;
}
