import type { Extension } from 'ts-mls';
import type { MlsSender } from '../handshake.ts';
import type { PublicLeaf } from './tree-node.ts';

/** What a valid proposal would change (RFC 9420 §12.1). */
export type ProposedChange =
  | { readonly kind: 'add'; readonly addition: Addition }
  | { readonly kind: 'update'; readonly leafIndex: number; readonly leaf: PublicLeaf }
  | { readonly kind: 'remove'; readonly leafIndex: number }
  /** `id` is the Base64 of the PreSharedKeyID. */
  | { readonly kind: 'psk'; readonly id: string }
  | { readonly kind: 'reinit'; readonly successor: GroupSuccessor }
  | { readonly kind: 'external-init' }
  | { readonly kind: 'group-context-extensions'; readonly extensions: readonly Extension[] }
  /** Of a type that RFC 9420 doesn't define. Taken to change nothing; if it does, the GroupInfo won't fit. */
  | { readonly kind: 'custom'; readonly type: number };

/** The group that a ReInit names to go on in this one's place (RFC 9420 §12.1.5). */
export interface GroupSuccessor {
  readonly groupId: Uint8Array;
  /** As ts-mls calls it. */
  readonly suite: string;
  readonly extensions: readonly Extension[];
}

export interface Addition {
  /** KeyPackageRef: what the Welcome names it by. */
  readonly ref: Uint8Array;
  readonly leaf: PublicLeaf;
  readonly lifetime: Lifetime;
}

/** In milliseconds since the Unix epoch, for a caller who has a clock. */
export interface Lifetime {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** A proposal that was made in this epoch, for commits to refer to. */
export interface KnownProposal {
  readonly ref: Uint8Array;
  readonly sender: MlsSender;
  readonly change: ProposedChange;
}
