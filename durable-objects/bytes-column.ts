import { customType } from 'drizzle-orm/sqlite-core';

/**
 * A BLOB column as Uint8Array on both sides. SqlStorage gives an ArrayBuffer, and drizzle's own `blob` would wrap it in
 * a Node Buffer.
 */
export const bytes = customType<{ data: Uint8Array; driverData: ArrayBuffer | Uint8Array }>({
  dataType: () => 'blob',
  toDriver: (value) => value,
  fromDriver: (value) => (value instanceof Uint8Array ? value : new Uint8Array(value)),
});
