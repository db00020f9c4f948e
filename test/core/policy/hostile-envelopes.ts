import {
  adminKeyId,
  encodeAdminStatement,
  MODULE_MANIFEST_TYPE,
  modulePublished,
  moduleRevoked,
  REVOCATION_TYPE,
  sha256,
  type AdminStatement,
  type DsseEnvelope,
  type ModuleManifest,
  type ModuleSubject,
  type WasmModuleRefusal,
} from '../../../core/index.ts';
import { actorNamed, START_MS, type Actor, type LogBuilder } from '../../../scripts/vectors/log-builder.ts';
import { hashOf } from '../../../scripts/vectors/sample-bodies.ts';
import {
  ada,
  ben,
  cleo,
  newRegistry,
  publicationOf,
  registrar,
  revocationOf,
  signaturesOf,
} from '../../../scripts/vectors/sample-registry.ts';
import { assemble, i32, list, policy, policyWith, u } from './assembler.ts';

const YEAR_MS = 365 * 86_400_000;
/** The order of the group, little-endian: a signature whose scalar is larger by it verifies where nobody looks. */
const ORDER = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;

/** A sound module, which nothing is wrong with but what its envelope says of it. */
export const soundModule = assemble(policyWith([i32(1), 0x1a])).bytes;
const knownFaulty = assemble(policyWith([i32(2), 0x1a])).bytes;
const stranger = actorNamed('stranger');
const admins = [ada, ben];

/** A registry of three admins, two of whom sign: `ledger` has two versions, one module and one key are revoked. */
export function registryInUse(): LogBuilder {
  const log = newRegistry();
  const first = { hash: hashOf('ledger 3'), version: 3 };
  log.append(registrar, modulePublished, publicationOf(log, [ada, cleo], first));
  const second = { hash: hashOf('ledger 5'), version: 5, previous: first.hash };
  log.append(registrar, modulePublished, publicationOf(log, [ada, ben], second));
  const revocation = revocationOf(log, [ada, ben], { modules: [sha256(knownFaulty)], keys: [cleo.key] });
  log.append(registrar, moduleRevoked, revocation);
  return log;
}

function envelopeOf(statement: AdminStatement, signers: readonly Actor[]): DsseEnvelope {
  const signed = encodeAdminStatement(statement);
  const signatures = signaturesOf(signed.payloadType, signed.payload, signers);
  return { ...signed, signatures: signatures.map(({ key, signature }) => ({ keyId: adminKeyId(key), signature })) };
}

/** What admins sign of these bytes, as the first version of a name. */
export function envelopeFor(
  log: Pick<LogBuilder, 'chain'>,
  bytes: Uint8Array,
  fields: Partial<ModuleManifest> = {},
  signers: readonly Actor[] = admins,
): DsseEnvelope {
  const ofBytes = { name: 'quorum', hash: sha256(bytes), size: bytes.length };
  const { manifest: value } = publicationOf(log, [], { ...ofBytes, ...fields });
  return envelopeOf({ kind: 'publication', value }, signers);
}

/** What somebody tries, the rule that stops it, and what differs from the sound module under its sound envelope. */
export type HostileEnvelope = readonly [
  what: string,
  rule: WasmModuleRefusal['rule'],
  subject: (log: LogBuilder) => Partial<ModuleSubject>,
];

const signedBy =
  (...signers: readonly Actor[]) =>
  (log: LogBuilder) => ({ envelope: envelopeFor(log, soundModule, {}, signers) });
const stating = (fields: Partial<ModuleManifest>) => (log: LogBuilder) => ({
  envelope: envelopeFor(log, soundModule, fields),
});
/** As two admins signed it, with the second signature or all of the envelope changed afterwards. */
const changing = (change: (envelope: DsseEnvelope, log: LogBuilder) => Partial<DsseEnvelope>) => (log: LogBuilder) => {
  const envelope = envelopeFor(log, soundModule);
  return { envelope: { ...envelope, ...change(envelope, log) } };
};
const second = (change: (signature: Uint8Array) => Uint8Array) =>
  changing(({ signatures: [first, last] }) => ({
    signatures: [first!, { ...last!, signature: change(last!.signature) }],
  }));
const instead = (bytes: Uint8Array) => () => ({ bytes });

const signatures: readonly HostileEnvelope[] = [
  ['nobody signed', 'threshold-not-met', signedBy()],
  ['one of two signed', 'threshold-not-met', signedBy(ada)],
  ['one key signed twice', 'signer-repeated', signedBy(ada, ada)],
  [
    'one signature twice, under the names of two admins',
    'signer-repeated',
    changing(({ signatures: [first] }) => ({ signatures: [first!, { ...first!, keyId: adminKeyId(ben.key) }] })),
  ],
  ['a stranger signed beside an admin', 'signer-unknown', signedBy(ada, stranger)],
  ['a stranger signed beside enough admins', 'signer-unknown', signedBy(ada, ben, stranger)],
  [
    'a stranger signed in the name of an admin',
    'admin-signature-invalid',
    changing(({ signatures: [first] }, log) => {
      const [theirs] = envelopeFor(log, soundModule, {}, [stranger]).signatures;
      return { signatures: [first!, { ...theirs!, keyId: adminKeyId(ben.key) }] };
    }),
  ],
  ['a revoked key signed', 'signer-revoked', signedBy(ada, cleo)],
  [
    'a bit of a signature was changed',
    'admin-signature-invalid',
    second((s) => s.map((b, i) => (i === 3 ? b ^ 1 : b))),
  ],
  ['the scalar of a signature is larger than the order', 'admin-signature-invalid', second(addOrder)],
  ['a signature is of zeros', 'admin-signature-invalid', second(() => new Uint8Array(64))],
  ['a signature is cut off', 'admin-signature-invalid', second((signature) => signature.subarray(0, 63))],
  [
    'the signatures are of another manifest',
    'admin-signature-invalid',
    changing((_envelope, log) => ({ signatures: envelopeFor(log, soundModule, { fuel: 1 }).signatures })),
  ],
  [
    'the signatures are of the same bytes as another kind of statement',
    'admin-signature-invalid',
    changing(({ payload }) => ({
      signatures: signaturesOf(REVOCATION_TYPE, payload, admins).map(({ key, signature }) => ({
        keyId: adminKeyId(key),
        signature,
      })),
    })),
  ],
];

const statements: readonly HostileEnvelope[] = [
  ['a statement of another program', 'unsupported-statement', changing(() => ({ payloadType: 'text/plain' }))],
  [
    'a revocation, which admins did sign',
    'unsupported-statement',
    (log) => {
      const { revocation: value } = revocationOf(log, [], { modules: [sha256(soundModule)] });
      return { envelope: envelopeOf({ kind: 'revocation', value }, admins) };
    },
  ],
  [
    'a revocation that is called a manifest',
    'malformed',
    (log) => {
      const { revocation: value } = revocationOf(log, [], { modules: [sha256(soundModule)] });
      return {
        envelope: { ...envelopeOf({ kind: 'revocation', value }, admins), payloadType: MODULE_MANIFEST_TYPE },
      };
    },
  ],
  ['a manifest that is cut off', 'malformed', changing(({ payload }) => ({ payload: payload.subarray(0, -1) }))],
  ['a manifest with a byte more', 'malformed', changing(({ payload }) => ({ payload: Uint8Array.of(...payload, 0) }))],
  ['for another registry of the same admins', 'wrong-registry', stating({ registry: hashOf('another') })],
  ['of an epoch to come', 'wrong-admin-epoch', stating({ adminEpoch: 2 })],
  ['of no epoch', 'wrong-admin-epoch', stating({ adminEpoch: 0 })],
  [
    'after the root has expired',
    'root-expired',
    (log) => ({ ...stating({ expiresAt: START_MS + 2 * YEAR_MS })(log), at: START_MS + YEAR_MS }),
  ],
  ['before its time', 'module-not-yet-valid', stating({ notBefore: START_MS + 1 })],
  ['after its time', 'module-expired', stating({ expiresAt: START_MS })],
  ['an older version than the newest', 'module-version-not-rising', stating({ name: 'ledger', version: 4 })],
  [
    'another module as the newest version',
    'module-version-not-rising',
    stating({ name: 'ledger', version: 5, previous: hashOf('ledger 3') }),
  ],
  [
    'a version that follows an older one',
    'wrong-previous-version',
    stating({ name: 'ledger', version: 6, previous: hashOf('ledger 3') }),
  ],
  ['a version that follows nothing', 'wrong-previous-version', stating({ name: 'ledger', version: 6 })],
  ['a first version that follows something', 'wrong-previous-version', stating({ previous: hashOf('ledger 5') })],
  [
    'a published module under another name',
    'module-already-published',
    stating({ name: 'bookkeeping', hash: hashOf('ledger 5') }),
  ],
  [
    'a revoked module as a new one',
    'module-revoked',
    (log) => ({ bytes: knownFaulty, envelope: envelopeFor(log, knownFaulty) }),
  ],
  ['another interface', 'unsupported-module-abi', stating({ abi: 2 })],
  ['a name that is a path', 'invalid-module-manifest', stating({ name: '../ledger' })],
  ['version 0', 'invalid-module-manifest', stating({ version: 0 })],
  ['no bytes', 'invalid-module-manifest', stating({ size: 0 })],
  ['no fuel', 'invalid-module-manifest', stating({ fuel: 0 })],
  ['no memory', 'invalid-module-manifest', stating({ pages: 0 })],
  ['more memory than any module may have', 'invalid-module-manifest', stating({ pages: 257 })],
  ['more bytes than any module may have', 'module-too-large', stating({ size: 524_289 })],
];

const otherBytes: readonly HostileEnvelope[] = [
  ['another module', 'module-mismatch', instead(knownFaulty)],
  ['a module with a changed bit', 'module-mismatch', instead(soundModule.map((b, i) => (i === 40 ? b ^ 1 : b)))],
  ['a module with a section behind it', 'module-mismatch', instead(Uint8Array.of(...soundModule, 0, 2, 1, 0x78))],
  ['a module that is cut off', 'module-mismatch', instead(soundModule.subarray(0, -1))],
  ['a module of another size than was signed', 'module-mismatch', stating({ size: soundModule.length + 1 })],
  [
    'a module with more memory than was signed',
    'memory-pages',
    (log) => {
      const { bytes } = assemble(policy({ memories: list([[0x01, u(1), u(17)]]) }));
      return { bytes, envelope: envelopeFor(log, bytes, { pages: 16 }) };
    },
  ],
];

export const hostileEnvelopes: readonly HostileEnvelope[] = [...signatures, ...statements, ...otherBytes];

function addOrder(signature: Uint8Array): Uint8Array {
  const changed = signature.slice();
  let carry = ORDER;
  for (let i = 32; i < 64; i++) {
    const sum = BigInt(changed[i] ?? 0) + (carry & 0xffn);
    changed[i] = Number(sum & 0xffn);
    carry = (carry >> 8n) + (sum >> 8n);
  }
  return changed;
}
