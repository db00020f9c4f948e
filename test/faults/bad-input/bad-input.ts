import type { ChainId, ProblemCode } from '../../../core/index.ts';
import type { InhabitedRelay } from '../../support/inhabited-relay.ts';
import type { TestActor } from '../../support/test-actor.ts';

/** How a bad input reaches the relay. */
export type Attempt =
  | { readonly kind: 'request'; readonly request: Request }
  /** An AppendRequest, over HTTP and on a socket that is open. */
  | { readonly kind: 'append'; readonly chain: ChainId; readonly body: Uint8Array }
  /** Frames on a socket; `reader` has opened it with a ticket before, or nobody has. */
  | {
      readonly kind: 'frames';
      readonly path: string;
      readonly reader?: TestActor;
      readonly origin?: string;
      readonly frames: readonly (Uint8Array | string)[];
    };

/** One thing that a relay must refuse: how it is made from a good one, and what the relay must say to it. */
export interface BadInput {
  /** Opens with the rule that it breaks. */
  readonly name: string;
  readonly code: ProblemCode;
  /** Members that the problem must have besides. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Everything that has to be there first is done in here; nothing that it leaves behind counts as the relay's change. */
  readonly make: (relay: InhabitedRelay) => Attempt | Promise<Attempt>;
}
