import type { RelayRefusal } from '../answer.ts';

/** What an account has, and what it is asked to take. */
export interface RoomRequest {
  readonly sizeBytes: number;
  /** Of the object that is under the key; 0 where none is. */
  readonly heldBytes: number;
  /** Of all objects of this relay, that one included. */
  readonly usedBytes: number;
  readonly quotaBytes: number;
}

/**
 * Whether there is room for an object (`SN16`). What it replaces gives its room back only once it is gone, so both count
 * while one is written over the other: the larger of the two.
 */
export function refuseForRoom({ sizeBytes, heldBytes, usedBytes, quotaBytes }: RoomRequest): RelayRefusal | undefined {
  const after = usedBytes - heldBytes + sizeBytes;
  return sizeBytes > heldBytes && after > quotaBytes ? { code: 'quota-full', quotaBytes, usedBytes } : undefined;
}

/** Whether an object may expire then (`SN4`, `SN14`). */
export function refuseForExpiry(expiresAt: number, now: number, retentionMs: number): RelayRefusal | undefined {
  const isWithin = expiresAt > now && expiresAt <= now + retentionMs;
  return isWithin ? undefined : { code: 'expiry-out-of-range', nodeTime: now, latest: now + retentionMs };
}
