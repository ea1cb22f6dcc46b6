import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { command, tryCommand } from '@backendai-e2e/cli/machine/command';
import { type Provision, ProvisionError } from '@backendai-e2e/cli/machine/provision';

/** The first line of a key that `cosign generate-key-pair` made. It is encrypted, in a format of its own. */
const COSIGN_KEY = /-----BEGIN ENCRYPTED (SIGSTORE|COSIGN) PRIVATE KEY-----/;
/** A key in a service or a device, which only cosign reaches: "awskms://…", "hashivault://…". */
const REMOTE_KEY = /^[a-z0-9]+:\/\//;

/**
 * Signs a file as cosign does: ECDSA P-256 over SHA-256, in Base64, in `<file>.sig`. An unencrypted key in PEM signs here. Any other
 * key signs by the program cosign, which asks for a password or reads $COSIGN_PASSWORD. Nothing is published: no log gets an entry.
 * @param key file or URL of the private key
 * @returns the file with the signature
 */
export async function signFile(file: string, key: string, p: Provision): Promise<string> {
  const to = `${file}.sig`;
  const own = REMOTE_KEY.test(key) ? undefined : await ownKey(key);
  if (own) {
    await writeFile(to, `${sign('sha256', await readFile(file), own).toString('base64')}\n`);
    return to;
  }
  const help = (await tryCommand(p, 'cosign', ['sign-blob', '--help'])) ?? '';
  const args = ['sign-blob', '--yes', ...detached(help), '--key', key, '--output-signature', to, file];
  await command(p, 'cosign', args, {
    timeoutSeconds: 120,
    remedy: 'Install cosign 2 or 3 (https://docs.sigstore.dev), set COSIGN_PASSWORD, or give a key in PEM.',
  });
  return to;
}

/**
 * Options with which cosign writes a signature alone and asks no service. By default, cosign 3 writes a bundle, and downloads a
 * list of services. Earlier versions do not know the options against both.
 * @param help what `cosign sign-blob --help` prints: it hides deprecated options, such as --new-bundle-format
 */
function detached(help: string): string[] {
  const newer = ['--use-signing-config=false', '--new-bundle-format=false'];
  return ['--tlog-upload=false', ...(help.includes('--use-signing-config') ? newer : [])];
}

/** How a user checks the files of a release, in Markdown. */
export const HOW_TO_CHECK = `
## Check these files

\`\`\`sh
sha256sum --check SHA256SUMS
\`\`\`

Where \`SHA256SUMS.sig\` is there, check the sums with the public key of those who released them:

\`\`\`sh
base64 --decode SHA256SUMS.sig > signature
openssl dgst -sha256 -verify release.pub -signature signature SHA256SUMS
\`\`\`

cosign does the same, with a key of its own too:

\`\`\`sh
cosign verify-blob --key release.pub --signature SHA256SUMS.sig --insecure-ignore-tlog SHA256SUMS
\`\`\`
`;

/** The key of a PEM file; undefined where only cosign can read it. */
async function ownKey(file: string): Promise<KeyObject | undefined> {
  const remedy = 'Give a private key of the curve P-256 in PEM, or one of cosign.';
  let pem: string;
  let key: KeyObject;
  try {
    pem = await readFile(file, 'utf8');
    if (COSIGN_KEY.test(pem)) return undefined;
    key = createPrivateKey(pem);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ProvisionError(`cannot read the signing key ${file}: ${why}`, remedy, { cause });
  }
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new ProvisionError(
      `the signing key ${file} is ${key.asymmetricKeyType}, not ECDSA on P-256`,
      remedy,
    );
  }
  return key;
}
