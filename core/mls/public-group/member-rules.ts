import type { KeyPackage, LeafNode } from 'ts-mls';
import { extensionsSupportedByCapabilities } from 'ts-mls/extension.js';
import { equalBytes } from '../../bytes/index.ts';
import type { VerifyJob } from '../../crypto/index.ts';
import { ok, type Result } from '../../result.ts';
import { bindingJob, parseCredentialIdentity } from '../credential.ts';
import { MAX_EPOCH_PROPOSALS, MAX_SENDER_PROPOSALS } from '../limits.ts';
import { readKeyPackage } from '../read-key-package.ts';
import { ownerOf, readLeaf } from '../read-leaf.ts';
import { refuse, type MlsLeafCode, type MlsMessageCode, type MlsRefusal, type MlsTreeCode } from '../refusal.ts';
import type { GroupTerms, MlsSuite, PublicSuite } from '../suite.ts';
import { namesStandardTypes, type GroupExtensions } from './group-extensions.ts';
import type { PublicLeaf } from './tree-node.ts';

/** What RFC 9420 leaves to the application: which leaves may be in a group, and whom they stand for (§5.3.1). */
export interface MemberRules {
  readonly suite: PublicSuite;
  readonly readLeaf: (leaf: LeafNode) => Result<LeafFacts, MlsRefusal<MlsLeafCode>>;
  /** Whom a leaf that was read before stands for, without checking it again. */
  readonly clientOf: (leaf: LeafNode) => Uint8Array | undefined;
  /** What is asked of a KeyPackage beyond RFC 9420 §10.1. */
  readonly checkKeyPackage: (keyPackage: KeyPackage) => Result<unknown, MlsRefusal<MlsMessageCode | MlsLeafCode>>;
  /** What is asked of a GroupContext beyond RFC 9420. Gives the signatures, Ed25519, that prove whose the external senders are. */
  readonly readExtensions: (
    extensions: GroupExtensions,
  ) => Result<readonly VerifyJob[], MlsRefusal<MlsLeafCode | Extract<MlsTreeCode, 'group-extensions-malformed'>>>;
  /** Whether one leaf may take the other's place by Update, path or resync. */
  readonly isSuccessor: (before: PublicLeaf, after: PublicLeaf) => boolean;
  /** Proposals of one sender that an epoch keeps: RFC 9420 sets no limit. */
  readonly maxSenderProposals: number;
}

interface LeafFacts {
  /** No two leaves of a group have the same. */
  readonly client: Uint8Array;
  /** Signatures by somebody else than the leaf, Ed25519, that prove whose it is. */
  readonly bindings: readonly VerifyJob[];
}

/**
 * Every leaf is an actor's, who has one leaf and keeps it (`ML25`, `ML26`): by a binding (`ML2`, `ML3`), or where credentials
 * are unbound by the actor's own key (`ML7`).
 */
export function memberRules(terms: GroupTerms): MemberRules {
  const { suite, credentials } = terms;
  return {
    suite,
    readLeaf: (leaf) => {
      const read = readLeaf(leaf, terms);
      if (!read.ok) return read;
      const { actor, identity, signatureKey } = read.value;
      const bindings = identity === undefined ? [] : [bindingJob(identity, suite.id, signatureKey)];
      return ok({ client: actor, bindings });
    },
    clientOf: (leaf) => ownerOf(leaf, terms)?.actor,
    checkKeyPackage: (keyPackage) => readKeyPackage(keyPackage, credentials),
    readExtensions: (extensions) => (credentials === 'bound' ? readBoundExtensions(extensions, suite) : NO_JOBS),
    isSuccessor: (before, after) => equalBytes(before.client, after.client),
    maxSenderProposals: MAX_SENDER_PROPOSALS,
  };
}

const NO_JOBS: Result<readonly VerifyJob[], never> = ok([]);

/** `ML55`, `ML56`: what ts-mls asks of them too, so that no commit splits the members from the relay. */
function readBoundExtensions(
  { required, externalSenders }: GroupExtensions,
  suite: MlsSuite,
): ReturnType<MemberRules['readExtensions']> {
  if (required !== undefined && namesStandardTypes(required)) return refuse('group-extensions-malformed');
  const jobs: VerifyJob[] = [];
  for (const { credential, signaturePublicKey } of externalSenders) {
    const identity = credential.credentialType === 'basic' ? parseCredentialIdentity(credential.identity) : undefined;
    if (identity === undefined) return refuse('credential-unbound');
    if (signaturePublicKey.length !== suite.signatureKeyBytes) return refuse('leaf-keys');
    jobs.push(bindingJob(identity, suite.id, signaturePublicKey));
  }
  return ok(jobs);
}

/** RFC 9420 alone: credentials mean nothing here, and a signature key is a client. */
export function unboundMembers(suite: PublicSuite): MemberRules {
  return {
    suite,
    readLeaf: (leaf) => {
      const { capabilities, extensions, signaturePublicKey } = leaf;
      if (!extensionsSupportedByCapabilities(extensions, capabilities)) return refuse('leaf-capabilities');
      return ok({ client: signaturePublicKey.slice(), bindings: [] });
    },
    clientOf: ({ signaturePublicKey }) => signaturePublicKey,
    checkKeyPackage: () => ok(undefined),
    readExtensions: () => NO_JOBS,
    isSuccessor: () => true,
    maxSenderProposals: MAX_EPOCH_PROPOSALS,
  };
}
