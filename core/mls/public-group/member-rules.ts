import type { KeyPackage, LeafNode } from 'ts-mls';
import { extensionsSupportedByCapabilities } from 'ts-mls/extension.js';
import { equalBytes } from '../../bytes/index.ts';
import type { VerifyJob } from '../../crypto/index.ts';
import { ok, type Result } from '../../result.ts';
import { bindingJob } from '../credential.ts';
import type { MlsKeyPackage } from '../key-package.ts';
import { readKeyPackage } from '../read-key-package.ts';
import { readLeaf } from '../read-leaf.ts';
import { refuse, type MlsLeafCode, type MlsMessageCode, type MlsRefusal } from '../refusal.ts';
import { MLS_SUITE } from '../suite.ts';
import { DEFAULT_SUITE, type PublicSuite } from './suite.ts';
import type { PublicLeaf } from './tree-node.ts';

/** What RFC 9420 leaves to the application: which leaves may be in a group, and whom they stand for (§5.3.1). */
export interface MemberRules {
  readonly suite: PublicSuite;
  readonly readLeaf: (leaf: LeafNode) => Result<LeafFacts, MlsRefusal<MlsLeafCode>>;
  /** What is asked of a KeyPackage beyond RFC 9420 §10.1. */
  readonly checkKeyPackage: (keyPackage: KeyPackage) => Result<unknown, MlsRefusal<MlsMessageCode | MlsLeafCode>>;
  /** Whether one leaf may take the other's place by Update, path or resync. */
  readonly isSuccessor: (before: PublicLeaf, after: PublicLeaf) => boolean;
}

interface LeafFacts {
  /** No two leaves of a group have the same. */
  readonly client: Uint8Array;
  /** Signatures by somebody else than the leaf, Ed25519, that prove whose it is. */
  readonly bindings: readonly VerifyJob[];
}

/** Every leaf is bound to an actor, who has one leaf and keeps it (`ML2`, `ML3`, `ML25`, `ML26`). */
export const BOUND_MEMBERS: MemberRules = {
  suite: DEFAULT_SUITE,
  readLeaf: (leaf) => {
    const read = readLeaf(leaf);
    if (!read.ok) return read;
    const { actor, identity, signatureKey } = read.value;
    return ok({ client: actor, bindings: [bindingJob(identity, MLS_SUITE, signatureKey)] });
  },
  checkKeyPackage: (keyPackage): Result<MlsKeyPackage, MlsRefusal<MlsMessageCode | MlsLeafCode>> =>
    readKeyPackage(keyPackage),
  isSuccessor: (before, after) => equalBytes(before.client, after.client),
};

/** RFC 9420 alone: credentials mean nothing here, and a signature key is a client. */
export function unboundMembers(suite: PublicSuite): MemberRules {
  return {
    suite,
    readLeaf: (leaf) => {
      const { capabilities, extensions, signaturePublicKey } = leaf;
      if (!extensionsSupportedByCapabilities(extensions, capabilities)) return refuse('leaf-capabilities');
      return ok({ client: signaturePublicKey.slice(), bindings: [] });
    },
    checkKeyPackage: () => ok(undefined),
    isSuccessor: () => true,
  };
}
