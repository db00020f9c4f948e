import { err, type Err } from '../../core/index.ts';
import type { MlsRefusal } from '../../core/mls/index.ts';

/** What the member's engine refuses, beside what the parsers of core refuse. */
export type MlsEngineCode =
  /** This client was removed: it can still read what was sent before, and no more. */
  | 'not-a-member'
  /** Stored bytes that are no state, identity, KeyPackage state or pending commit of this version. */
  | 'state-malformed'
  /** A KeyPackage to add is not genuine. */
  | 'key-package-forged'
  /** A member to remove has no leaf. */
  | 'member-unknown'
  /** The pending commit was made in another epoch or group than the state's. */
  | 'pending-stale'
  /** A commit of an epoch that is over. */
  | 'commit-stale'
  /** A commit of an epoch that this client hasn't reached: commits in between are missing. */
  | 'commit-future'
  /** This client's own commit, which only `acceptOwnCommit` can follow. */
  | 'commit-own'
  /** A well-formed commit of this epoch that doesn't verify or can't be decrypted. */
  | 'commit-unprocessable'
  /** The GroupInfo doesn't verify, lists no leaf of this client, or lets nobody in from outside. */
  | 'resync-refused'
  /** A proposal of another group or epoch, by nobody who is in, or one more than an epoch takes. */
  | 'proposal-misplaced'
  /** A proposal that doesn't verify. */
  | 'proposal-forged'
  /** The Welcome addresses other KeyPackages. */
  | 'welcome-not-addressed'
  /** The Welcome holds no tree, and none came beside it. */
  | 'welcome-tree-missing'
  /** The Welcome needs a pre-shared key that this client doesn't have. */
  | 'welcome-key-missing'
  /** The Welcome doesn't decrypt, or what it leads to doesn't verify. */
  | 'welcome-unprocessable'
  /** A message of another group. */
  | 'message-group'
  /** A message of an epoch that this client hasn't reached. */
  | 'message-future'
  /** A message of an epoch whose keys are gone, or from before this client joined. */
  | 'message-expired'
  /** This client's own message: its sender can't decrypt it. */
  | 'message-own'
  /** A message that was read before, is forged, or whose keys were given up. */
  | 'message-unreadable';

export type EngineRefusal = MlsRefusal<MlsRefusal['code'] | MlsEngineCode>;

export function refuse(code: EngineRefusal['code']): Err<EngineRefusal> {
  return err({ code });
}
