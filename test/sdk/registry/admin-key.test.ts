import { scryptSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ADMIN_ROTATION_TYPE,
  decode,
  findSigners,
  publicKeyOf,
  toBase64Url,
  type DsseEnvelope,
} from '../../../core/index.ts';
import { drawAdminKey, openAdminKey, signStatement, type DrawnAdminKey } from '../../../sdk/index.ts';
import { adminKey } from '../../../sdk/registry/admin-key.ts';
import { keepAdmin, PASSPHRASE, type KeptAdmin } from '../../support/admin-keys.ts';

const FIRST_LINE = 'terachat admin key v1\n';
const passphrase = 'four lighthouses and a tide';
const envelope: DsseEnvelope = { payloadType: ADMIN_ROTATION_TYPE, payload: Uint8Array.of(7), signatures: [] };

let drawn: DrawnAdminKey;
let folder: string;
let kept: KeptAdmin;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'admin-key-'));
  // At the least cost that a reader takes; the drawn one has the whole.
  kept = keepAdmin(folder, 'ada');
  drawn = await drawAdminKey(passphrase);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("an admin's key in a file", () => {
  it('[AR19] is opened by whoever has the passphrase and the specification', () => {
    const { file, signer } = drawn;
    const line = Buffer.from(FIRST_LINE);
    expect(Buffer.from(file.subarray(0, line.length))).toEqual(line);
    const header = file.subarray(line.length, line.length + 41);
    const key = scryptSync(passphrase, header.subarray(1, 17), 32, { N: 2 ** header[0]!, r: 8, p: 1, maxmem: 2 ** 28 });
    // One byte says how long the rest is.
    const sealed = file.subarray(line.length + 42);
    const content = xchacha20poly1305(key, header.subarray(17), Buffer.concat([line, header])).decrypt(sealed);
    const opened = decode(adminKey, content);
    if (!opened.ok) throw new Error(opened.error.reason);
    expect(toBase64Url(publicKeyOf(opened.value.seed))).toBe(toBase64Url(signer.actor));
  });

  it('[AR19] opens by its passphrase alone, and signs', async () => {
    const { file, signer } = kept;
    const opened = await openAdminKey(readFileSync(file), PASSPHRASE);
    const signed = await signStatement(envelope, opened);
    expect(findSigners(signed, [signer.actor])).toEqual([signer.actor]);
    expect(await signStatement(signed, signer)).toEqual(signed);
    await expect(openAdminKey(readFileSync(file), `${PASSPHRASE}.`)).rejects.toMatchObject({
      code: 'wrong-passphrase',
    });
  });

  it('[AR19] is refused where it is another kind of file', async () => {
    const other = Buffer.from(drawn.file);
    other.write('terachat admin key v2');
    for (const file of [other, new Uint8Array(0), drawn.file.subarray(0, 30)]) {
      await expect(openAdminKey(file, passphrase)).rejects.toMatchObject({ code: 'malformed-admin-key' });
    }
  });
});
