import { chainDownFrame, encode, problemOf, type EntryPage } from '../../core/index.ts';
import type { RelayRefusal } from '../../relay/index.ts';

/** Frames that a chain sends, encoded. */
export function entriesFrame(page: EntryPage): Uint8Array {
  return encode(chainDownFrame, { kind: 'entries', value: page });
}

export function caughtUpFrame(next: number): Uint8Array {
  return encode(chainDownFrame, { kind: 'caughtUp', value: { next } });
}

export function markFrame(mark: Uint8Array): Uint8Array {
  return encode(chainDownFrame, { kind: 'mark', value: { mark } });
}

/** `request` is 0 when the problem is the socket's own. */
export function problemFrame(request: number, refusal: RelayRefusal): Uint8Array {
  return encode(chainDownFrame, { kind: 'problem', value: { request, problem: JSON.stringify(problemOf(refusal)) } });
}
