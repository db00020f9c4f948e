import { scryptSync } from 'node:crypto';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { beforeAll, describe, expect, it } from 'vitest';
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

const FIRST_LINE = 'terachat admin key v1\n';
const passphrase = 'four lighthouses and a tide';
const envelope: DsseEnvelope = { payloadType: ADMIN_ROTATION_TYPE, payload: Uint8Array.of(7), signatures: [] };

let drawn: DrawnAdminKey;

beforeAll(async () => {
  drawn = await drawAdminKey(passphrase);
});

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
    const signer = await openAdminKey(drawn.file, passphrase);
    const signed = await signStatement(envelope, signer);
    expect(findSigners(signed, [drawn.signer.actor])).toEqual([new Uint8Array(drawn.signer.actor)]);
    expect(await signStatement(signed, drawn.signer)).toEqual(signed);
    await expect(openAdminKey(drawn.file, `${passphrase}.`)).rejects.toMatchObject({ code: 'wrong-passphrase' });
  });

  it('[AR19] is refused where it is another kind of file', async () => {
    const other = Buffer.from(drawn.file);
    other.write('terachat admin key v2');
    for (const file of [other, new Uint8Array(0), drawn.file.subarray(0, 30)]) {
      await expect(openAdminKey(file, passphrase)).rejects.toMatchObject({ code: 'malformed-admin-key' });
    }
  });
});
