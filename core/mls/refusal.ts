import { err, type Err } from '../result.ts';

/** Why bytes are not the MLS message that they were handed in as. */
export type MlsMessageCode =
  /** More bytes than the limit for this kind of message. */
  | 'mls-too-large'
  /** No MLSMessage at all: truncated, or a value that RFC 9420 doesn't define. */
  | 'mls-malformed'
  /** Readable, but not the one encoding of what it says: trailing bytes, a long length prefix, a stray flag. */
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
  /** Not epoch 0 of a group whose one leaf is the founder's. */
  | 'group-info-not-founding';

/** Why commit, Welcome and GroupInfo don't fit each other or the epoch before. */
export type MlsCommitCode =
  /** Another group than the one that the commit was handed in for. */
  | 'commit-group'
  /** Not made in the epoch that is current. */
  | 'commit-epoch'
  /** The sender is not a member's leaf of the tree. */
  | 'commit-sender'
  /** A proposal by reference, or of a kind other than Add and Remove. */
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

export interface MlsRefusal<Code extends string = MlsMessageCode | MlsLeafCode | MlsGroupInfoCode | MlsCommitCode> {
  readonly code: Code;
}

export function refuse<Code extends string>(code: Code): Err<MlsRefusal<Code>> {
  return err({ code });
}
