import type { GroupContext, RatchetTree } from 'ts-mls';
import { clientConfigFor } from '../../sdk/mls/client-config.ts';
import { decodeCommit, encodeCommit } from 'ts-mls/commit.js';
import { encode } from 'ts-mls/codec/tlsEncoder.js';
import { decodeVarLenData, varLenDataEncoder } from 'ts-mls/codec/variableLength.js';
import { validateRatchetTree } from 'ts-mls/clientState.js';
import { getCiphersuiteFromId } from 'ts-mls/crypto/ciphersuite.js';
import { makeHashImpl } from 'ts-mls/crypto/implementation/default/makeHashImpl.js';
import { makeNobleSignatureImpl } from 'ts-mls/crypto/implementation/default/makeNobleSignatureImpl.js';
import { decodeGroupSecrets, encodeGroupSecrets } from 'ts-mls/groupSecrets.js';
import { decodeMlsMessage, encodeMlsMessage } from 'ts-mls/message.js';
import * as proposals from 'ts-mls/proposal.js';
import { decodeRatchetTree, encodeRatchetTree, resolution } from 'ts-mls/ratchetTree.js';
import { treeHash } from 'ts-mls/treeHash.js';
import { toNodeIndex } from 'ts-mls/treemath.js';
import { decode, opaqueVector, toHex } from '../../core/index.ts';
import { decodeWhole } from '../../core/mls/message.ts';
import { passiveClientFaults, type PassiveClientVector } from './mls-passive-client.ts';
import { SUITES_WITH_SECRETS } from './mls-suites.ts';
import {
  publicTreeFaults,
  treeKemFaults,
  treeOperationFaults,
  type TreeKemVector,
  type TreeOperationVector,
  type TreeVector,
} from './mls-public-tree.ts';
import { bytesOf } from './vector-bytes.ts';
import type { ConformanceCase, VectorFiles } from './vectors.ts';

/** The library's suites by the name of their file; the rest of the folder is about secrets. */
const SUITES: Readonly<Record<string, (vector: never) => ConformanceCase['ask'] | undefined>> = {
  'deserialization.json': (vector: LengthVector) => () => lengthFaults(vector),
  'messages.json': (vector: MessageVector) => () => messageFaults(vector),
  'tree-validation.json': (vector: TreeVector) => async () => [
    ...(await treeFaults(vector)),
    ...(await publicTreeFaults(vector)),
  ],
  'tree-operations.json': (vector: TreeOperationVector) => () => treeOperationFaults(vector),
  'treekem.json': (vector: TreeKemVector) => () => treeKemFaults(vector),
  'passive-client-welcome.json': passiveClient,
  'passive-client-handling-commit.json': passiveClient,
  'passive-client-random.json': passiveClient,
};

/** Undefined for a suite whose secrets can't be computed here: the case is left out, and counted as such. */
function passiveClient(vector: PassiveClientVector): ConformanceCase['ask'] | undefined {
  return SUITES_WITH_SECRETS.has(vector.cipher_suite) ? () => passiveClientFaults(vector) : undefined;
}

export const MLS_FILES: readonly string[] = Object.keys(SUITES);

/** Each case gives the list of what differs. */
export function mlsCases(files: VectorFiles): ConformanceCase[] {
  return Object.entries(SUITES).flatMap(([path, suite]) =>
    ((files[path] ?? []) as readonly never[]).flatMap((vector, index) => {
      const ask = suite(vector);
      return ask === undefined ? [] : [{ name: `${path} #${index}`, ask, expected: [] }];
    }),
  );
}

interface LengthVector {
  readonly vlbytes_header: string;
  readonly length: number;
}

/** What fits into memory without thinking about it. */
const MAX_CONTENT_BYTES = 1 << 20;

/** The header says this length, and no other header does. */
function lengthFaults({ vlbytes_header: hex, length }: LengthVector): string[] {
  if (length > MAX_CONTENT_BYTES) return isTruncated(bytesOf(hex)) ? [] : ['read past the end'];
  const content = new Uint8Array(length);
  const vector = Uint8Array.of(...bytesOf(hex), ...content);
  const faults: string[] = [];
  const inCore = decode(opaqueVector(MAX_CONTENT_BYTES), vector);
  if (!inCore.ok || inCore.value.length !== length) faults.push('core reads another length');
  if (!decodeWhole(vector, decodeVarLenData, encode(varLenDataEncoder)).ok) faults.push('ts-mls reads another length');
  for (const header of longerHeaders(length)) {
    const longer = Uint8Array.of(...header, ...content);
    if (decode(opaqueVector(MAX_CONTENT_BYTES), longer).ok) faults.push(`core accepts ${toHex(header)}`);
    const whole = decodeWhole(longer, decodeVarLenData, encode(varLenDataEncoder));
    if (whole.ok || whole.error.code !== 'mls-malformed') faults.push(`MLS messages may hold ${toHex(header)}`);
  }
  return faults;
}

function isTruncated(header: Uint8Array): boolean {
  const read = decode(opaqueVector(2 ** 30), header);
  return !read.ok && read.error.reason === 'truncated';
}

function longerHeaders(length: number): Uint8Array[] {
  const inTwo = length < 0x40 ? [Uint8Array.of(0x40, length)] : [];
  const inFour = length < 0x4000 ? [Uint8Array.of(0x80, 0, length >> 8, length & 0xff)] : [];
  return [...inTwo, ...inFour];
}

type MessageVector = Readonly<Record<string, string>>;
type Reencode = (bytes: Uint8Array) => boolean;

function reencoder<T>(
  decodeOne: (bytes: Uint8Array, offset: number) => [T, number] | undefined,
  encodeOne: (value: T) => Uint8Array,
): Reencode {
  return (bytes) => decodeWhole(bytes, decodeOne, encodeOne).ok;
}

const message = reencoder(decodeMlsMessage, encodeMlsMessage);
const STRUCTURES: Readonly<Record<string, Reencode>> = {
  mls_welcome: message,
  mls_group_info: message,
  mls_key_package: message,
  public_message_application: message,
  public_message_proposal: message,
  public_message_commit: message,
  private_message: message,
  ratchet_tree: reencoder(decodeRatchetTree, encodeRatchetTree),
  group_secrets: reencoder(decodeGroupSecrets, encodeGroupSecrets),
  commit: reencoder(decodeCommit, encodeCommit),
  add_proposal: reencoder(proposals.decodeAdd, proposals.encodeAdd),
  update_proposal: reencoder(proposals.decodeUpdate, proposals.encodeUpdate),
  remove_proposal: reencoder(proposals.decodeRemove, proposals.encodeRemove),
  pre_shared_key_proposal: reencoder(proposals.decodePSK, proposals.encodePSK),
  re_init_proposal: reencoder(proposals.decodeReinit, proposals.encodeReinit),
  external_init_proposal: reencoder(proposals.decodeExternalInit, proposals.encodeExternalInit),
  group_context_extensions_proposal: reencoder(
    proposals.decodeGroupContextExtensions,
    proposals.encodeGroupContextExtensions,
  ),
};

/** Every structure is read whole and written again byte for byte; with a byte more it is refused. */
function messageFaults(vector: MessageVector): string[] {
  return Object.entries(vector).flatMap(([name, hex]) => {
    const reencode = STRUCTURES[name];
    if (reencode === undefined) return [`no structure is called ${name}`];
    const bytes = bytesOf(hex);
    if (!reencode(bytes)) return [`${name} is not written as it was read`];
    return reencode(Uint8Array.of(...bytes, 0)) ? [`${name} may trail`] : [];
  });
}

/** Resolutions and hashes of all nodes, and every check that a joiner makes: leaf signatures, parent hashes, places. */
async function treeFaults(vector: TreeVector): Promise<string[]> {
  const tree = treeOf(vector);
  const suite = getCiphersuiteFromId(vector.cipher_suite);
  const hash = makeHashImpl(crypto.subtle, suite.hash);
  const hashes = await Promise.all(vector.tree_hashes.map((_, node) => treeHash(tree, toNodeIndex(node), hash)));
  const resolutions = vector.resolutions.map((_, node) => resolution(tree, toNodeIndex(node)));
  const groupContext: GroupContext = {
    version: 'mls10',
    cipherSuite: suite.name,
    groupId: bytesOf(vector.group_id),
    epoch: 0n,
    treeHash: new Uint8Array(),
    confirmedTranscriptHash: new Uint8Array(),
    extensions: [],
  };
  // Validation hashes and verifies, and asks nothing else of a suite. These groups' credentials are bound to no actor.
  const parts = { hash, signature: await makeNobleSignatureImpl(suite.signature) } as SuiteParts;
  const trusting = { validateCredential: async () => true };
  const [root] = hashes.slice((hashes.length - 1) / 2);
  const { lifetimeConfig } = clientConfigFor(1);
  const refusal = await validateRatchetTree(tree, groupContext, lifetimeConfig, trusting, root ?? bytesOf(''), parts);
  return [
    ...hashes.flatMap((each, node) => (toHex(each) === vector.tree_hashes[node] ? [] : [`hash of node ${node}`])),
    ...resolutions.flatMap((each, node) =>
      each.join() === vector.resolutions[node]?.join() ? [] : [`resolution of node ${node}`],
    ),
    ...(refusal === undefined ? [] : [refusal.message]),
  ];
}

type SuiteParts = Parameters<typeof validateRatchetTree>[5];

function treeOf({ tree: hex }: TreeVector): RatchetTree {
  const tree = decodeWhole(bytesOf(hex), decodeRatchetTree, encodeRatchetTree);
  if (!tree.ok) throw new Error(`a vector holds a tree that is ${tree.error.code}`);
  return tree.value;
}
