/** Counted together where the edge named no address that can be read: nobody gets round a limit by hiding theirs. */
const UNKNOWN_ADDRESS = 'unknown';

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const MAPPED_IPV4 = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i;
const IPV6 = /^[0-9a-f:]{2,39}$/i;
const GROUPS = 8;
/** One customer's network is a /64 at the least, so whoever has one has 2^64 addresses. */
const NETWORK_GROUPS = 4;

/** What addresses are counted by (`LM5`): IPv4 as it is, IPv6 by its /64, anything else together. */
export function addressKey(address: string | null | undefined): string {
  const text = address?.trim() ?? '';
  const v4 = IPV4.test(text) ? text : MAPPED_IPV4.exec(text)?.[1];
  if (v4 !== undefined) return v4;
  const groups = IPV6.test(text) ? expand(text) : undefined;
  return groups === undefined ? UNKNOWN_ADDRESS : `${groups.slice(0, NETWORK_GROUPS).join(':')}::/64`;
}

/** The eight groups of RFC 4291 §2.2, without leading zeros. */
function expand(text: string): readonly string[] | undefined {
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return undefined;
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = GROUPS - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...Array<string>(missing).fill('0'), ...after];
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))
    ? groups.map((group) => Number.parseInt(group, 16).toString(16))
    : undefined;
}
