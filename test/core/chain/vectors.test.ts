import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  admitEvent,
  admitGenesis,
  beginReplay,
  createSignatureChecker,
  decode,
  encodeState,
  eventTbs,
  fromHex,
  MemoryHistory,
  parseChainId,
  parseEntries,
  parseState,
  replayEntries,
  replayJobs,
  replayRoot,
  satisfiesEquation,
  stateDigest,
  toHex,
  viewEntry,
  viewState,
  type Event,
  type ReplayCursor,
  type ReplayFault,
  type Result,
} from '../../../core/index.ts';
import type { AdmissionVector } from '../../../scripts/vectors/admissions.ts';
import type { ChainVector } from '../../../scripts/vectors/chains.ts';
import type { TamperingVector } from '../../../scripts/vectors/tampering.ts';
import { readVectors } from '../../vectors/read-vectors.ts';

const { chains } = readVectors<{ chains: readonly ChainVector[] }>('chains');
const admissions = readVectors<{ vectors: readonly AdmissionVector[] }>('admissions').vectors;
const tamperings = readVectors<{ vectors: readonly TamperingVector[] }>('tampering').vectors;
const checker = createSignatureChecker({ verifyBatch: (jobs) => jobs.map(satisfiesEquation) });

function replay(
  chain: string,
  entries: readonly string[],
  history = new MemoryHistory(),
): Result<ReplayCursor, ReplayFault> {
  return replayOn(beginReplay(parseChainId(fromHex(chain))!), entries, history);
}

function replayOn(
  cursor: ReplayCursor,
  entries: readonly string[],
  history: MemoryHistory,
): Result<ReplayCursor, ReplayFault> {
  const batch = parseEntries(entries.map((entry) => fromHex(entry)!));
  return replayEntries(cursor, batch, checker.check(replayJobs(batch)), history);
}

interface Replayed {
  readonly cursor: ReplayCursor;
  readonly history: MemoryHistory;
}

/** By their steps, since chains of one genesis have one id. */
const ends = new Map<ChainVector['steps'], Replayed>();

/** A chain of the vectors, replayed once for all that look at it. */
function replayed(chain: string, steps: ChainVector['steps']): Replayed {
  const known = ends.get(steps);
  if (known !== undefined) return known;
  const history = new MemoryHistory();
  const end = replay(
    chain,
    steps.map(({ entry }) => entry),
    history,
  );
  if (!end.ok) throw new Error(end.error.code);
  ends.set(steps, { cursor: end.value, history });
  return { cursor: end.value, history };
}

describe('whole chains', () => {
  test.each(chains.map((vector) => [vector.name, vector] as const))(
    '[AU1, ST4] %s',
    (_name, { chain, steps, state, stateView }) => {
      const history = new MemoryHistory();
      let cursor = beginReplay(parseChainId(fromHex(chain))!);
      for (const [index, step] of steps.entries()) {
        const entry = fromHex(step.entry)!;
        expect(createHash('sha256').update(Uint8Array.of(0)).update(entry).digest('hex')).toBe(step.leafHash);
        expect(viewEntry(entry)).toEqual(step.view);
        const next = replayOn(cursor, [step.entry], history);
        if (!next.ok) throw new Error(`${next.error.code} at ${index}`);
        cursor = next.value;
        expect(toHex(cursor.head)).toBe(step.leafHash);
        expect(toHex(replayRoot(cursor))).toBe(step.root);
        expect(toHex(stateDigest(cursor.state!))).toBe(step.stateDigest);
      }
      // One by one as all at once.
      const { cursor: end } = replayed(chain, steps);
      expect(toHex(replayRoot(end))).toBe(toHex(replayRoot(cursor)));
      expect(toHex(stateDigest(end.state!))).toBe(toHex(stateDigest(cursor.state!)));
      const last = parseState(fromHex(state)!)!;
      expect(toHex(encodeState(last))).toBe(state);
      expect(viewState(last)).toEqual(stateView);
      expect(createHash('sha256').update(fromHex(state)!).digest('hex')).toBe(steps.at(-1)!.stateDigest);
    },
  );
});

describe('admissions', () => {
  test.each(admissions.map((vector) => [vector.chain, vector.name, vector] as const))(
    '[AP9] %s: %s',
    (_chain, _name, vector) => {
      expect(outcomeOf(vector)).toEqual([vector.outcome, vector.stateDigest]);
    },
  );

  function outcomeOf({ chain, event: hex, relayTime }: AdmissionVector): unknown {
    const event = decode(eventTbs, fromHex(hex)!);
    if (!event.ok) throw new Error('an admission vector holds no event');
    const next = chain === '' ? admitGenesis(event.value, relayTime) : admitAt(chain, event.value, relayTime);
    return next.ok ? ['admitted', toHex(stateDigest(next.value))] : [next.error.code, undefined];
  }

  function admitAt(name: string, event: Event, relayTime: number): ReturnType<typeof admitGenesis> {
    const { chain, steps } = chains.find((vector) => vector.name === name)!;
    const { cursor, history } = replayed(chain, steps);
    const view = { state: cursor.state!, size: steps.length, leafAt: (index: number) => history.at(index) };
    const admission = admitEvent(view, event, relayTime, { clock: relayTime });
    return admission.ok ? { ok: true, value: admission.value.state } : admission;
  }
});

test.each(tamperings.map((vector) => [vector.name, vector] as const))(
  '[AU2] %s',
  (_name, { chain, entries, fault }) => {
    const replayed = replay(chain, entries);
    if (replayed.ok) throw new Error('the tampering was not found');
    const { code, index, rule } = replayed.error;
    expect({ code, index, ...(rule !== undefined && { rule }) }).toEqual(fault);
  },
);
