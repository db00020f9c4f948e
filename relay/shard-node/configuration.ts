import { DAY_MS, err, fromBase64Url, ok, parseActorKey, type Result } from '../../core/index.ts';
import type { Variables } from '../limits/limit-table.ts';

/** Whom a shard node keeps objects for, and how much for how long (`SN14`). */
export interface ShardNodeConfiguration {
  /** Bytes that each relay may have here, by its key in base64url. */
  readonly quotas: ReadonlyMap<string, number>;
  /** How far ahead an object's expiry may lie. */
  readonly retentionMs: number;
}

const MIB = 1_048_576;
const DEFAULT_QUOTA_MIB = 10_240;
/** The longest retention of a chain, and a day for clocks and repairs. */
const DEFAULT_RETENTION_DAYS = 31;
/** A tebibyte: what one object that accounts for it can count one by one, at the size of real shards. */
const MAX_QUOTA_MIB = 1_048_576;
const MAX_RETENTION_DAYS = 366;
/** Relays of one node. */
const MAX_RELAYS = 256;

/**
 * Reads `RELAYS` (keys between commas or spaces, each with a quota of its own in MiB after `=`, or without), `QUOTA_MIB` and
 * `RETENTION_DAYS`. Where one of them can't be understood, it names that variable and the node serves nobody: a misspelt
 * quota must not be an unlimited one.
 */
export function configureShardNode(
  variables: Variables,
): Result<ShardNodeConfiguration, { readonly variable: string }> {
  const quotaMib = numberOf(variables['QUOTA_MIB'], DEFAULT_QUOTA_MIB, MAX_QUOTA_MIB);
  if (quotaMib === undefined) return err({ variable: 'QUOTA_MIB' });
  const retentionDays = numberOf(variables['RETENTION_DAYS'], DEFAULT_RETENTION_DAYS, MAX_RETENTION_DAYS);
  if (retentionDays === undefined) return err({ variable: 'RETENTION_DAYS' });
  const quotas = quotasOf(variables['RELAYS'], quotaMib);
  return quotas === undefined ? err({ variable: 'RELAYS' }) : ok({ quotas, retentionMs: retentionDays * DAY_MS });
}

function quotasOf(value: unknown, defaultMib: number): ReadonlyMap<string, number> | undefined {
  const items = typeof value === 'string' ? value.split(/[\s,]+/).filter((item) => item !== '') : [];
  const quotas = new Map<string, number>();
  for (const item of items) {
    const [key = '', mib, ...rest] = item.split('=');
    const quotaMib = numberOf(mib, defaultMib, MAX_QUOTA_MIB);
    if (!isActor(key) || quotaMib === undefined || rest.length > 0) return undefined;
    quotas.set(key, quotaMib * MIB);
  }
  // The same key twice would leave open which quota holds.
  return quotas.size === items.length && items.length > 0 && items.length <= MAX_RELAYS ? quotas : undefined;
}

function isActor(text: string): boolean {
  return parseActorKey(fromBase64Url(text) ?? new Uint8Array()) !== undefined;
}

/** A whole number from 1 to `most`; undefined for what is none. */
function numberOf(value: unknown, byDefault: number, most: number): number | undefined {
  if (value === undefined || value === '') return byDefault;
  const number = typeof value === 'string' && /^[1-9]\d{0,9}$/.test(value) ? Number(value) : most + 1;
  return number <= most ? number : undefined;
}
