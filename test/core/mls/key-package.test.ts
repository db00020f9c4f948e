import { beforeAll, describe, expect, test } from 'vitest';
import { concatBytes, DAY_MS, HOUR_MS, publicKeyOf, sha256, signContent, signEd25519 } from '../../../core/index.ts';
import {
  bindingContent,
  encodeCredentialIdentity,
  isInForce,
  keyPackageSignatures,
  DEFAULT_SUITE,
  MAX_KEY_PACKAGE_BYTES,
  mlsSuites,
  parseKeyPackage,
} from '../../../core/mls/index.ts';
import { createMlsIdentity, newKeyPackage } from '../../../sdk/mls/index.ts';
import { oddKeyPackage, type Oddities } from '../../sdk/mls/malice.ts';
import {
  codeOf,
  foundGroup,
  keyPackageOf,
  makePerson,
  NOW_MS,
  send,
  valueOf,
  type Person,
} from '../../sdk/mls/people.ts';
import { flipsOf, isGenuine } from './genuine.ts';

const NOW_SECONDS = BigInt(NOW_MS / 1000);

let ada: Person;
beforeAll(async () => {
  ada = await makePerson(1);
});

function verdict(message: Uint8Array, nowMs = NOW_MS): string {
  return codeOf(parseKeyPackage(message, { nowMs }));
}

async function oddVerdict(oddities: Oddities): Promise<string> {
  return verdict(await oddKeyPackage(ada.identity, oddities));
}

describe('a KeyPackage of this client', () => {
  test('[ML10] is genuine and says whose it is', async () => {
    const { message, ref, notAfterMs } = await keyPackageOf(ada);
    const keyPackage = valueOf(parseKeyPackage(message, { nowMs: NOW_MS }));
    expect(keyPackage).toMatchObject({ actor: ada.actor, suite: DEFAULT_SUITE.id, ref, notAfterMs, lastResort: false });
    expect(isGenuine(keyPackageSignatures(keyPackage))).toBe(true);
    expect(ref).toEqual(sha256(signContent('MLS 1.0 KeyPackage Reference', message.subarray(4))));
  });

  test('[ML14] lives for 30 days, as a last resort for 90, and lists both credential types', async () => {
    const lastResort = await newKeyPackage(ada.identity, { nowMs: NOW_MS, lastResort: true });
    expect((await keyPackageOf(ada)).notAfterMs).toBe(NOW_MS + 30 * DAY_MS);
    expect(lastResort.notAfterMs).toBe(NOW_MS + 90 * DAY_MS);
    expect(valueOf(parseKeyPackage(lastResort.message, { nowMs: NOW_MS })).lastResort).toBe(true);
    // versions, cipher suites, extensions, proposals, credentials: each a vector of uint16 (RFC 9420 §7.2).
    const suites = [8, 0, 1, 0, 2, 0, 3, 0xf0, 0xa2];
    expect(indexOf(lastResort.message, [2, 0, 1, ...suites, 2, 0, 10, 0, 4, 0, 1, 0, 2])).toBeGreaterThan(0);
    expect(indexOf((await keyPackageOf(ada)).message, [2, 0, 1, ...suites, 0, 0, 4, 0, 1, 0, 2])).toBeGreaterThan(0);
  });

  function indexOf(bytes: Uint8Array, part: readonly number[]): number {
    return bytes.findIndex((_, start) => part.every((byte, i) => bytes[start + i] === byte));
  }
});

describe('with unbound credentials', () => {
  /** Her leaf is signed with her actor's own key, and its credential says whatever she likes. */
  const own = () => ({
    ...ada.identity,
    signatureSeed: new Uint8Array(32).fill(1),
    signatureKey: ada.actor,
    credentialIdentity: new TextEncoder().encode('ada@example'),
  });

  test('[ML7] a leaf is its actor’s by the actor’s own key, whatever the credential says', async () => {
    const message = await oddKeyPackage(own(), {});
    const keyPackage = valueOf(parseKeyPackage(message, { nowMs: NOW_MS, credentials: 'unbound' }));
    expect(keyPackage.actor).toEqual(ada.actor);
    expect(isGenuine(keyPackageSignatures(keyPackage))).toBe(true);
    expect(verdict(message)).toBe('credential-unbound');
  });

  test('[ML7] nobody else can make one, and a suite whose keys are no actor’s has none', async () => {
    const stolen = await oddKeyPackage({ ...own(), signatureSeed: new Uint8Array(32).fill(2) }, {});
    const parsed = valueOf(parseKeyPackage(stolen, { nowMs: NOW_MS, credentials: 'unbound' }));
    expect(isGenuine(keyPackageSignatures(parsed))).toBe(false);
    const { message } = await keyPackageOf(await makePerson(1, mlsSuites[1]));
    const refused = parseKeyPackage(message, { nowMs: NOW_MS, credentials: 'unbound' });
    expect(codeOf(refused)).toBe('credential-unbound');
  });
});

describe.each(mlsSuites)('in suite $id', (suite) => {
  test('[ML1] [ML8] a KeyPackage is genuine, by the suite’s own scheme, and is known by its suite', async () => {
    const { message } = await keyPackageOf(await makePerson(1, suite));
    const keyPackage = valueOf(parseKeyPackage(message, { nowMs: NOW_MS }));
    expect(keyPackage.suite).toBe(suite.id);
    expect(keyPackage.leaf.encryptionKey).toHaveLength(suite.hpkeKeyBytes);
    expect(keyPackage.leaf.signatureKey).toHaveLength(suite.signatureKeyBytes);
    const jobs = keyPackageSignatures(keyPackage);
    expect(isGenuine(jobs)).toBe(true);
    for (const [index] of jobs.entries()) {
      const broken = jobs.map((job, i) => (i === index ? { ...job, message: Uint8Array.of(...job.message, 0) } : job));
      expect(isGenuine(broken)).toBe(false);
    }
  });
});

describe('time', () => {
  test('[ML11] is refused before, at the end of and after its lifetime', async () => {
    const { message, notAfterMs } = await keyPackageOf(ada);
    const codes = [NOW_MS - HOUR_MS - 1, NOW_MS - HOUR_MS, notAfterMs - 1, notAfterMs].map((at) =>
      verdict(message, at),
    );
    expect(codes).toEqual(['key-package-expired', 'accepted', 'accepted', 'key-package-expired']);
    const keyPackage = valueOf(parseKeyPackage(message, { nowMs: NOW_MS }));
    expect([isInForce(keyPackage, NOW_MS), isInForce(keyPackage, notAfterMs)]).toEqual([true, false]);
  });

  test.each([
    ['of 92 days and 2 hours', 92n * 86_400n + 7200n, 'accepted'],
    ['a second longer', 92n * 86_400n + 7201n, 'key-package-lifetime'],
    ['of no time', 0n, 'key-package-lifetime'],
    ['that ends before it begins', -1n, 'key-package-lifetime'],
  ])('[ML11] a lifetime %s', async (_, seconds, code) => {
    expect(await oddVerdict({ lifetime: { notBefore: NOW_SECONDS, notAfter: NOW_SECONDS + seconds } })).toBe(code);
  });

  test('[ML11] a lifetime at the end of all time is refused', async () => {
    const lifetime = { notBefore: 2n ** 64n - 10n, notAfter: 2n ** 64n - 1n };
    expect(await oddVerdict({ lifetime })).toBe('key-package-lifetime');
  });
});

describe('keys and capabilities', () => {
  test('[ML12] one key for two purposes is refused', async () => {
    const seed = new Uint8Array(32).fill(1);
    const same = { signatureKey: publicKeyOf(seed), signatureSeed: seed };
    const binding = signEd25519(seed, bindingContent(DEFAULT_SUITE.id, same.signatureKey));
    const credentialIdentity = encodeCredentialIdentity({ actor: ada.actor, binding });
    expect(verdict(await oddKeyPackage({ ...ada.identity, ...same, credentialIdentity }, {}))).toBe('leaf-keys');
  });

  test.each<[string, Oddities]>([
    ['one key for joining and for the tree', { initKey: new Uint8Array(32).fill(1) }],
    ['a short encryption key', { encryptionKey: new Uint8Array(31) }],
    ['a long init key', { initKey: new Uint8Array(33) }],
  ])('[ML12] %s is refused', async (_, oddities) => {
    expect(await oddVerdict(oddities)).toBe('leaf-keys');
  });

  test.each<[string, Oddities, string]>([
    ['as required', {}, 'accepted'],
    ['without the version', { capabilities: { versions: [] } }, 'leaf-capabilities'],
    ['without the suite', { capabilities: { ciphersuites: [] } }, 'leaf-capabilities'],
    ['without basic credentials', { capabilities: { credentials: ['x509'] } }, 'leaf-capabilities'],
    ['without the leaf’s extension', { leafExtensions: [0xf00d] }, 'leaf-capabilities'],
    ['with it', { leafExtensions: [0xf00d], capabilities: { extensions: [0xf00d] } }, 'accepted'],
  ])('[ML13] capabilities %s', async (_, oddities, code) => {
    expect(await oddVerdict(oddities)).toBe(code);
  });

  test.each([0, 95, 97])('[ML2] a credential identity of %i bytes is refused', async (length) => {
    expect(await oddVerdict({ identity: new Uint8Array(length) })).toBe('credential-unbound');
  });
});

describe('forgery', () => {
  test('[ML10] no byte can be changed', async () => {
    const { message } = await keyPackageOf(ada);
    for (const [offset, altered] of flipsOf(message)) {
      const parsed = parseKeyPackage(altered, { nowMs: NOW_MS });
      expect(parsed.ok && isGenuine(keyPackageSignatures(parsed.value)), `byte ${offset}`).toBe(false);
    }
  });

  test('[ML3] a binding is the actor’s signature for this key and suite, and for nothing else', async () => {
    const seed = new Uint8Array(32).fill(1);
    const bindings = [
      (content: Uint8Array) => signEd25519(new Uint8Array(32).fill(2), content),
      () => signEd25519(seed, bindingContent(DEFAULT_SUITE.id, publicKeyOf(new Uint8Array(32).fill(9)))),
      () => signEd25519(seed, bindingContent(2, ada.identity.signatureKey)),
      (content: Uint8Array) => signEd25519(seed, concatBytes(content, Uint8Array.of(0))),
    ];
    for (const sign of bindings) {
      const identity = await createMlsIdentity({ actor: ada.actor, sign });
      const { message } = await newKeyPackage(identity, { nowMs: NOW_MS });
      const keyPackage = valueOf(parseKeyPackage(message, { nowMs: NOW_MS }));
      expect(keyPackageSignatures(keyPackage).map((job) => isGenuine([job]))).toEqual([true, false, true]);
    }
  });
});

describe('framing', () => {
  test('[ML5] a message over the limit is refused unread', () => {
    expect(verdict(new Uint8Array(MAX_KEY_PACKAGE_BYTES + 1))).toBe('mls-too-large');
  });

  test('[ML6] other versions, formats and encodings are refused', async () => {
    const { message } = await keyPackageOf(ada);
    expect(verdict(Uint8Array.of(...message, 0))).toBe('mls-not-canonical');
    expect(verdict(message.subarray(0, -1))).toBe('mls-malformed');
    expect(verdict(message.subarray(0, 3))).toBe('mls-malformed');
    expect(verdict(Uint8Array.of(0, 2, ...message.subarray(2)))).toBe('mls-version');
    expect(verdict((await send(await foundGroup(ada), 'hello')).message)).toBe('mls-wire-format');
  });

  test('[ML6] a length prefix longer than needed is refused', async () => {
    const { message } = await keyPackageOf(ada);
    // init_key follows version, wire format, version and suite; its length, 32, is written in two bytes here.
    const longer = Uint8Array.of(...message.subarray(0, 8), 0x40, 32, ...message.subarray(9));
    expect(message[8]).toBe(32);
    expect(verdict(longer)).toBe('mls-malformed');
  });

  test('[ML1] another suite is refused', async () => {
    const { message } = await keyPackageOf(ada);
    expect(message.subarray(6, 8)).toEqual(Uint8Array.of(0, 1));
    const turned = (suite: number) => Uint8Array.of(...message.subarray(0, 6), 0, suite, ...message.subarray(8));
    expect(verdict(turned(4))).toBe('mls-suite');
    expect(verdict(turned(2))).toBe('leaf-keys');
    expect(isGenuine(keyPackageSignatures(valueOf(parseKeyPackage(turned(3), { nowMs: NOW_MS }))))).toBe(false);
  });
});
