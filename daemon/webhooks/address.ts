/** Which addresses webhooks may reach: what is inside stays out of reach, by whatever name it is called. */
import { type LookupAddress, lookup as resolveName } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { invalid } from '../contract/errors.ts';

/** What a daemon's owner allows beyond public addresses over HTTPS. */
export interface Allowed {
  /** Plain HTTP. */
  readonly http: boolean;
  /** Addresses of this machine and of private networks. */
  readonly private: boolean;
}

/** Reads `MODELTHAT_WEBHOOKS_ALLOW`: `http`, `private`, or both with a comma. */
export function readAllowed(setting: string | undefined): Allowed {
  const words = (setting ?? '').split(',').map(word => word.trim());
  return { http: words.includes('http'), private: words.includes('private') };
}

/** Of IPv4, what IANA's registry of special purposes has, multicast and what is reserved. */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv4');

/** Of IPv6, only what is given out to the public, without what carries IPv4 addresses in it. */
const PUBLIC_6 = new BlockList();
PUBLIC_6.addSubnet('2000::', 3, 'ipv6');
const TUNNELS_6 = new BlockList();
TUNNELS_6.addSubnet('2001::', 23, 'ipv6');
TUNNELS_6.addSubnet('2001:db8::', 32, 'ipv6');
TUNNELS_6.addSubnet('2002::', 16, 'ipv6');

/** Whether an address is one of the public internet. */
export function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !PRIVATE.check(address, 'ipv4');
  return PUBLIC_6.check(address, 'ipv6') && !TUNNELS_6.check(address, 'ipv6');
}

/** @throws ApiError INVALID_PARAMETER_VALUE unless a webhook may have the URL, as far as its text tells */
export function checkUrl(text: string, allowed: Allowed): URL {
  const url = URL.parse(text);
  if (!url) throw invalid(`Invalid webhook URL '${text}': it must be such as https://example.org/hook.`);
  if (url.protocol !== 'https:' && !(allowed.http && url.protocol === 'http:'))
    throw invalid(
      `Invalid webhook URL scheme: '${url.protocol.slice(0, -1)}'. Allowed schemes are: https${allowed.http ? ', http' : ''}.`,
    );
  if (url.username || url.password)
    throw invalid(
      'A webhook URL holds no user or password: give a secret, which deliveries are signed with.',
    );
  const host = hostOf(url);
  if (isIP(host) && !allowed.private && !isPublic(host)) throw invalid(refusal(host, host));
  return url;
}

/** The host of a URL; of an IPv6 address without its brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/**
 * Looks a name up for a connection, which is then made to what was checked here: a name that means something else a moment
 * later changes nothing.
 */
export function checkedLookup(allowed: Allowed): LookupFunction {
  return (host, options, done) => {
    resolveName(host, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      const inside = allowed.private ? undefined : addresses?.find(({ address }) => !isPublic(address));
      const [first] = addresses ?? [];
      if (error) done(error, '', 0);
      else if (inside) done(new Error(refusal(host, inside.address)), '', 0);
      else if (options.all) done(null, addresses);
      else done(null, first?.address ?? '', first?.family);
    });
  };
}

function refusal(host: string, address: string): string {
  return (
    `Webhook URL must not resolve to a non-public IP address. '${host}' resolves to ${address}. ` +
    'MODELTHAT_WEBHOOKS_ALLOW=private in the environment of the daemon allows it.'
  );
}
