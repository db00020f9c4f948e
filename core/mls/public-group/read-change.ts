import type { Extension, KeyPackage, LeafNode, PreSharedKeyID, Proposal } from 'ts-mls';
import { encodeKeyPackage } from 'ts-mls/keyPackage.js';
import { encodePskId } from 'ts-mls/presharedkey.js';
import { equalBytes, toBase64 } from '../../bytes/index.ts';
import type { VerifyJob } from '../../crypto/index.ts';
import { ok, type Result } from '../../result.ts';
import type { MlsSender } from '../handshake.ts';
import { isStandardProposal } from '../read-proposal.ts';
import {
  refuse,
  type MlsLeafCode,
  type MlsMessageCode,
  type MlsProposalCode,
  type MlsRefusal,
  type MlsTreeCode,
} from '../refusal.ts';
import { mlsSignatureJob, refHash, withoutTrailing } from '../signed-bytes.ts';
import { readGroupExtensions } from './group-extensions.ts';
import type { Lifetime, ProposedChange } from './known-proposal.ts';
import type { PublicGroup } from './public-group.ts';
import { leafAt } from './public-tree.ts';
import { makeLeaf, signatureOf } from './tree-node.ts';

export type ChangeRefusal = MlsRefusal<MlsMessageCode | MlsLeafCode | MlsProposalCode | MlsTreeCode>;

export interface ReadChange {
  readonly change: ProposedChange;
  /** Of new leaves and KeyPackages, by the suite's scheme. */
  readonly signatures: readonly VerifyJob[];
  readonly bindings: readonly VerifyJob[];
}

/** Reads a proposal of this epoch and checks what RFC 9420 §12.1 asks of it alone, whoever else is for or against it. */
export function readChange(
  group: PublicGroup,
  proposal: Proposal,
  sender: MlsSender,
): Result<ReadChange, ChangeRefusal> {
  switch (proposal.proposalType) {
    case 'add':
      return readAddition(group, proposal.add.keyPackage);
    case 'update':
      return readUpdate(group, proposal.update.leafNode, sender);
    case 'remove': {
      const leafIndex = proposal.remove.removed;
      if (leafAt(group.tree, leafIndex) === undefined) return refuse('remove-of-nobody');
      return unsigned({ kind: 'remove', leafIndex });
    }
    case 'psk':
      return readPskId(group, proposal.psk.preSharedKeyId);
    case 'reinit': {
      const { groupId, cipherSuite: suite, extensions } = proposal.reinit;
      const successor = { groupId: groupId.slice(), suite, extensions: copiesOf(extensions) };
      return unsigned({ kind: 'reinit', successor });
    }
    case 'external_init':
      return unsigned({ kind: 'external-init' });
    case 'group_context_extensions':
      return readExtensions(group, proposal.groupContextExtensions.extensions);
    default:
      return isStandardProposal(proposal.proposalType)
        ? refuse('mls-malformed')
        : unsigned({ kind: 'custom', type: proposal.proposalType });
  }
}

function unsigned(change: ProposedChange): Result<ReadChange, never> {
  return ok({ change, signatures: [], bindings: [] });
}

/** RFC 9420 §12.1.7. Whether every member supports them is asked of the tree that the commit leads to. */
function readExtensions({ rules }: PublicGroup, extensions: readonly Extension[]): Result<ReadChange, ChangeRefusal> {
  const read = readGroupExtensions(extensions);
  if (!read.ok) return read;
  const bindings = rules.readExtensions(read.value);
  if (!bindings.ok) return bindings;
  const change = { kind: 'group-context-extensions', extensions: copiesOf(extensions) } as const;
  return ok({ change, signatures: [], bindings: bindings.value });
}

function copiesOf(extensions: readonly Extension[]): readonly Extension[] {
  return extensions.map((extension) => ({ ...extension, extensionData: extension.extensionData.slice() }));
}

/** RFC 9420 §10.1, but for the lifetime, which takes a clock. */
function readAddition({ rules }: PublicGroup, keyPackage: KeyPackage): Result<ReadChange, ChangeRefusal> {
  const { leafNode, initKey, signature, cipherSuite } = keyPackage;
  if (cipherSuite !== rules.suite.name || equalBytes(initKey, leafNode.hpkePublicKey)) return refuse('add-key-package');
  const facts = rules.readLeaf(leafNode);
  if (!facts.ok) return facts;
  const accepted = rules.checkKeyPackage(keyPackage);
  if (!accepted.ok) return accepted;
  const encoded = encodeKeyPackage(keyPackage);
  const content = withoutTrailing(encoded, signature);
  const leaf = makeLeaf(leafNode, facts.value.client);
  const key = leaf.node.signaturePublicKey;
  const own = mlsSignatureJob({ key, label: 'KeyPackageTBS', content, signature });
  const ref = refHash('KeyPackage', encoded, rules.suite.hash);
  const addition = { ref, leaf, lifetime: lifetimeOf(leafNode.lifetime) };
  // A leaf of a KeyPackage is signed for no group and place.
  const signatures = [signatureOf(leaf, NO_GROUP, 0), own];
  return ok({ change: { kind: 'add', addition }, signatures, bindings: facts.value.bindings });
}

const NO_GROUP = new Uint8Array();

function lifetimeOf({ notBefore, notAfter }: { notBefore: bigint; notAfter: bigint }): Lifetime {
  return { notBeforeMs: Number(notBefore) * 1000, notAfterMs: Number(notAfter) * 1000 };
}

function readUpdate(group: PublicGroup, leafNode: LeafNode, sender: MlsSender): Result<ReadChange, ChangeRefusal> {
  const { rules, tree, context } = group;
  const before = sender.kind === 'member' ? leafAt(tree, sender.leafIndex) : undefined;
  if (sender.kind !== 'member' || before === undefined) return refuse('proposal-sender');
  const facts = rules.readLeaf(leafNode);
  if (!facts.ok) return facts;
  const { leafIndex } = sender;
  const leaf = makeLeaf(leafNode, facts.value.client);
  if (leaf.encryptionKey === before.encryptionKey) return refuse('update-key');
  if (!rules.isSuccessor(before, leaf)) return refuse('update-credential');
  const signatures = [signatureOf(leaf, context.groupId, leafIndex)];
  return ok({ change: { kind: 'update', leafIndex, leaf }, signatures, bindings: facts.value.bindings });
}

/**
 * RFC 9420 §12.1.4. Whether the members hold the key is theirs to find out. One that carries another group on belongs into the
 * commit that lets the members in, the first of all (§11.2, §11.3).
 */
function readPskId({ rules, context }: PublicGroup, id: PreSharedKeyID): Result<ReadChange, ChangeRefusal> {
  const carriesOn = id.psktype === 'resumption' && id.usage !== 'application';
  if ((carriesOn && context.epoch !== 0n) || id.pskNonce.length !== rules.suite.hashBytes) return refuse('psk-id');
  return unsigned({ kind: 'psk', id: toBase64(encodePskId(id)) });
}
