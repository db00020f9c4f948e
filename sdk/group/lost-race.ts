import {
  decode,
  entryCodec,
  equalBytes,
  fromBase64Url,
  leafHash,
  mlsCommit,
  parseSignedEvent,
  toBase64Url,
} from '../../core/index.ts';
import type { ChainFollower } from '../chain/chain-follower.ts';
import { UntrustedError, type RelayProblem } from '../errors.ts';

/**
 * What to do when another commit ended the epoch first. `keep-and-retry`, which is what happens unless told otherwise, does
 * the same on top of the winner, with the KeyPackages that were claimed; `discard-and-retry` gives those up and claims others;
 * `give-up` rejects with `commit-lost`. A change that the winner has made needless is not made again, whatever is chosen.
 */
export type LostRaceChoice = 'give-up' | 'discard-and-retry' | 'keep-and-retry';

/** The commit that won, as the verified log has it. Actors are base64url. */
export interface LostRace {
  /** Its entry. */
  readonly index: number;
  /** The epoch that it began. */
  readonly epoch: number;
  readonly winner: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** How many attempts of this call have lost. */
  readonly attempt: number;
}

/** One choice for every race, or one for each. */
export type OnLostRace = LostRaceChoice | ((race: LostRace) => LostRaceChoice);

/**
 * The winner that a `commit-lost` names, once the log was read on. What the refusal quotes is only used where the verified log
 * has the same entry.
 */
export function readLostRace({ details }: RelayProblem, follower: ChainFollower, attempt: number): LostRace {
  const bytes = typeof details['entry'] === 'string' ? fromBase64Url(details['entry']) : undefined;
  const entry = bytes && decode(entryCodec, bytes);
  if (bytes === undefined || entry?.ok !== true) throw untrue('is none');
  const { index, event, signature } = entry.value;
  const logged = follower.leafAt(index);
  if (logged === undefined || !equalBytes(logged, leafHash(bytes))) throw untrue('is not in the log');
  const signed = parseSignedEvent(event, signature);
  const body = signed.ok ? mlsCommit.decodeBody(signed.value.event.body) : signed;
  if (!signed.ok || !body.ok || signed.value.event.type !== mlsCommit.type) throw untrue('is no commit');
  const { epoch, roster } = body.value;
  return {
    index,
    epoch: epoch + 1,
    winner: toBase64Url(signed.value.event.actor),
    added: roster.added.map(({ actor }) => toBase64Url(actor)),
    removed: roster.removed.map(toBase64Url),
    attempt,
  };
}

function untrue(what: string): UntrustedError {
  return new UntrustedError('malformed-answer', `the commit that is said to have won ${what}`);
}
