import { err, type Err } from '../result.ts';

/** Why bytes are not the MLS message that they were handed in as. */
export type MlsMessageCode =
  /** More bytes than the limit for this kind of message. */
  | 'mls-too-large'
  /** No MLSMessage at all: truncated, a value that RFC 9420 doesn't define, a length prefix longer than needed. */
  | 'mls-malformed'
  /** Readable, but not the one encoding of what it says: trailing bytes, a stray flag. */
  | 'mls-not-canonical'
  /** Another protocol version than mls10. */
  | 'mls-version'
  /** A sound MLSMessage of another wire format than the one that belongs here. */
  | 'mls-wire-format'
  /** The right wire format around another content type: a proposal where a commit belongs. */
  | 'mls-content-type'
  /** A cipher suite that is not supported. */
  | 'mls-suite';

/** Why a leaf or KeyPackage may not enter a group. */
export type MlsLeafCode =
  /** The credential is not a BasicCredential of actor and binding. */
  | 'credential-unbound'
  /** A key of the wrong length, `init_key` equal to `encryption_key`, or the actor's own key as signature key. */
  | 'leaf-keys'
  /** The capabilities leave out the version, the suite, the credential type or an extension that the leaf uses. */
  | 'leaf-capabilities'
  /** `not_after` before `not_before`, or further from it than the limit. */
  | 'key-package-lifetime'
  /** The current time is outside the lifetime. */
  | 'key-package-expired';

/** Why a GroupInfo does not hold together. */
export type MlsGroupInfoCode =
  /** No `ratchet_tree` extension. */
  | 'group-info-tree-missing'
  /** A tree with a node in the wrong place, a key or an actor twice, or more leaves than the limit. */
  | 'group-info-tree'
  /** The tree doesn't hash to the `tree_hash` of the GroupContext. */
  | 'group-info-tree-hash'
  /** The signer is no leaf of the tree. */
  | 'group-info-signer'
  /** `external_pub` is not one HPKE public key. */
  | 'group-info-external-pub'
  /** It founds a group and has none. */
  | 'group-info-no-external-pub'
  /** Not epoch 0 of a group whose one leaf is the founder's. */
  | 'group-info-not-founding';

/** Why commit, Welcome and GroupInfo don't fit each other or the epoch before. */
export type MlsCommitCode =
  /** A ReInit has ended the group. */
  | 'commit-after-reinit'
  /** Another group than the one that the commit was handed in for. */
  | 'commit-group'
  /** Not made in the epoch that is current. */
  | 'commit-epoch'
  /** The sender is not a member's leaf of the tree. */
  | 'commit-sender'
  /** A reference to what nobody proposed, or a kind that a member's commit may not hold. */
  | 'commit-proposal'
  /** Too many proposals, a Remove of nobody or of the committer, or two proposals about one leaf or actor. */
  | 'commit-proposal-list'
  /** A commit that needs an update path and has none. */
  | 'commit-path'
  /** The committer's leaf, or the credential in it, became another actor's. */
  | 'commit-credential'
  /** The GroupInfo is not the one that this commit leads to. */
  | 'commit-group-info'
  /** The Welcome does not address exactly the added KeyPackages. */
  | 'commit-welcome';

/** Why a ratchet tree is none of a sound group (RFC 9420 §7.3, §7.9, §12.4.3.1). */
export type MlsTreeCode =
  /** A leaf where a parent belongs, or the other way round. */
  | 'tree-structure'
  /** More leaves than the limit. */
  | 'tree-full'
  /** An unmerged leaf that is nobody, elsewhere, out of order, or left out by a node in between. */
  | 'tree-unmerged'
  /** A parent that no node below vouches for. */
  | 'tree-parent-hash'
  /** One encryption key in two nodes. */
  | 'tree-encryption-key'
  /** One signature key in two leaves. */
  | 'tree-signature-key'
  /** One client in two leaves. */
  | 'tree-client'
  /** A credential of a type that not all members can handle. */
  | 'tree-credential-type'
  /** A member without support for an extension of the GroupContext. */
  | 'tree-group-extensions'
  /** A member without a capability that the group requires. */
  | 'tree-required-capabilities'
  /** An extension of the GroupContext twice, or with content that isn't what its type says. */
  | 'group-extensions-malformed';

/** Why a proposal is invalid by itself (RFC 9420 §12.1). */
export type MlsProposalCode =
  /** Another group than the one that is followed. */
  | 'proposal-group'
  /** Not made in the epoch that is current. */
  | 'proposal-epoch'
  /** The sender is no member, no external sender of the group, or not allowed this type. */
  | 'proposal-sender'
  /** More proposals in one epoch, or of one sender in it, than the limit. */
  | 'proposal-limit'
  /** A Remove of a leaf that is blank or outside the tree. */
  | 'remove-of-nobody'
  /** An Update with the encryption key that the leaf has already. */
  | 'update-key'
  /** An Update that turns the leaf into another client's. */
  | 'update-credential'
  /** A pre-shared key for reinit or branching, which no commit of a running group may use, or a nonce of the wrong length. */
  | 'psk-id'
  /** A KeyPackage of another suite, or whose `init_key` is its `encryption_key`. */
  | 'add-key-package';

/** Why the proposals of a commit don't go together, one code a rule (RFC 9420 §12.2). */
export type MlsProposalListCode =
  | 'list-too-long'
  /** A reference to a proposal that this epoch has not seen. */
  | 'list-unknown-reference'
  | 'list-own-update'
  | 'list-own-removal'
  /** Two Updates or Removes of one leaf. */
  | 'list-leaf-twice'
  /** Two Adds of one client. */
  | 'list-client-twice'
  /** An Add of a client that is a member and stays one. */
  | 'list-client-present'
  | 'list-psk-twice'
  | 'list-extensions-twice'
  | 'list-reinit-with-others'
  /** An ExternalInit in the commit of a member. */
  | 'list-external-init'
  /** A type that a member who has to process the commit doesn't know. */
  | 'list-unsupported-type'
  /** An external commit with no ExternalInit, or with two. */
  | 'external-init-count'
  /** An external commit that names a proposal by reference. */
  | 'external-reference'
  /** An external commit with a second Remove. */
  | 'external-removals'
  /** An external commit with a proposal of another type than ExternalInit, Remove and PreSharedKey. */
  | 'external-proposal'
  /** An external commit that removes a leaf of somebody else. */
  | 'resync-credential';

/** Why an update path does not fit the tree (RFC 9420 §7.5, §12.4.2). */
export type MlsPathCode =
  /** Not one node for each of the filtered direct path. */
  | 'path-length'
  /** Not one ciphertext for each node that has to read a secret. */
  | 'path-ciphertexts'
  /** A key that is in the tree already, or of another length than the leaf's. */
  | 'path-key'
  /** The leaf's parent hash is not the one that the path leads to. */
  | 'path-parent-hash';

/** Why a GroupInfo is not the one that a followed commit leads to. */
export type MlsNextGroupInfoCode =
  /** Its GroupContext is not, byte for byte, the one that the commit gives. */
  | 'next-group-context'
  | 'next-confirmation-tag'
  /** Signed by somebody else than the committer. */
  | 'next-signer'
  /** A tree that is not the one that the commit gives. */
  | 'next-tree'
  /** One type of extension twice. */
  | 'next-extensions'
  | 'next-no-external-pub'
  | 'next-external-pub';

export interface MlsRefusal<Code extends string = MlsMessageCode | MlsLeafCode | MlsGroupInfoCode | MlsCommitCode> {
  readonly code: Code;
}

export function refuse<Code extends string>(code: Code): Err<MlsRefusal<Code>> {
  return err({ code });
}
