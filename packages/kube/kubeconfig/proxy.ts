import { BlockList, isIP } from 'node:net';
import { ConfigError } from '../access/config-error.ts';

/** Proxies that kubectl accepts in proxy-url, and `socks5h`, which Go treats alike. */
const SCHEMES = new Set(['http:', 'https:', 'socks5:', 'socks5h:']);

/**
 * The proxy of a cluster: its proxy-url, else what the environment says (Go's http.ProxyFromEnvironment, as in kubectl).
 * Servers with https use $HTTPS_PROXY, those with http use $HTTP_PROXY. $NO_PROXY and this machine's own addresses need none. The
 * lower-case names count too, after the upper-case ones. Throws ConfigError for a proxy of another kind.
 */
export function proxyFor(
  server: URL,
  proxyUrl: string | undefined,
  env: NodeJS.ProcessEnv,
): string | undefined {
  if (proxyUrl) return checked(proxyUrl, 'proxy-url of the kubeconfig');
  const variable = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const proxy = env[variable] || env[variable.toLowerCase()];
  if (!proxy || needsNone(server, env.NO_PROXY || env.no_proxy || '')) return undefined;
  // As in Go, an address without a scheme is an HTTP proxy.
  return checked(/^[a-z0-9+.-]+:\/\//i.test(proxy) ? proxy : `http://${proxy}`, `$${variable}`);
}

function checked(proxy: string, source: string): string {
  const url = URL.parse(proxy);
  if (url && SCHEMES.has(url.protocol)) return proxy.replace(/^socks5h:/i, 'socks5:');
  // A proxy's URL may hold a password: name its scheme only.
  throw new ConfigError(
    `The ${source} is not supported${url ? `: scheme ${url.protocol}//` : ''}. Use http://, https:// or socks5://.`,
  );
}

/** Whether $NO_PROXY, or being on this machine, exempts a server. */
function needsNone(server: URL, noProxy: string): boolean {
  const host = server.hostname
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
  const port = server.port || (server.protocol === 'https:' ? '443' : '80');
  if (host === 'localhost' || isLoopback(host)) return true;
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => exempts(entry, host, port));
}

function exempts(entry: string, host: string, port: string): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  if (entry.includes('/')) return inNetwork(entry, host);
  const bracketed = /^\[(.+)\](?::(\d+))?$/.exec(entry);
  const named = isIP(entry) === 6 ? undefined : /^(.*):(\d+)$/.exec(entry);
  const name = bracketed?.[1] ?? named?.[1] ?? entry;
  const wantedPort = bracketed ? bracketed[2] : named?.[2];
  if (wantedPort !== undefined && wantedPort !== port) return false;
  // ".example.com" and "*.example.com" stand for names below it; "example.com" also for itself.
  if (name.startsWith('*.')) return host.endsWith(name.slice(1));
  if (name.startsWith('.')) return host.endsWith(name);
  return host === name || host.endsWith(`.${name}`);
}

function inNetwork(cidr: string, host: string): boolean {
  const [network = '', prefix = ''] = cidr.split('/');
  const [family, hostFamily] = [isIP(network), isIP(host)];
  if (family === 0 || family !== hostFamily || !/^\d+$/.test(prefix)) return false;
  const type = family === 6 ? 'ipv6' : 'ipv4';
  const bits = Number(prefix);
  if (bits > (family === 6 ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, type);
  return list.check(host, type);
}

function isLoopback(host: string): boolean {
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
