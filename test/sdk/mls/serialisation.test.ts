import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { toHex, type Result } from '../../../core/index.ts';
import {
  acceptOwnCommit,
  joinGroup,
  membersOf,
  newKeyPackage,
  parseMlsIdentity,
  parsePendingCommit,
  parseState,
  processCommit,
  serialiseMlsIdentity,
  serialisePendingCommit,
  serialiseState,
  type GroupState,
} from '../../../sdk/mls/index.ts';
import {
  codeOf,
  commitAndFollow,
  groupOf,
  keyPackageOf,
  NOW_MS,
  prepare,
  readText,
  send,
  valueOf,
  makeCast,
  type Cast,
  treeOf,
} from './people.ts';

let { ada, bob, cem } = {} as Cast;
beforeAll(async () => {
  ({ ada, bob, cem } = await makeCast());
});

function restart(state: GroupState): GroupState {
  return valueOf(parseState(serialiseState(state)));
}

describe('a restart', () => {
  test('[ML47] changes nothing of what a state can do', async () => {
    const early = await groupOf([ada, bob, cem]);
    const { message, state } = await send(early[1]!, 'before');
    const late = await commitAndFollow([early[0]!, state, early[2]!]);
    const restarted = late.map(restart);
    for (const [index, each] of restarted.entries()) {
      expect(each).toEqual(late[index]);
      expect(membersOf(each)).toEqual(membersOf(late[index]!));
      expect(toHex(serialiseState(each))).toBe(toHex(serialiseState(late[index]!)));
    }
    expect(await readText(restarted[0]!, message)).toBe('before');
    const again = (await commitAndFollow(restarted, { remove: [] })).map(restart);
    expect(await readText(again[1]!, (await send(again[2]!, 'after')).message)).toBe('after');
  });

  test('[ML47] loses no pending commit', async () => {
    const [adaState, bobState] = await groupOf([ada, bob]);
    const invited = await keyPackageOf(cem);
    const pending = await prepare(adaState!, { add: [invited.message] });
    const restored = valueOf(parsePendingCommit(serialisePendingCommit(pending)));
    const { spent: _spent, ...kept } = pending;
    expect(restored).toEqual(kept);
    const adaNext = valueOf(acceptOwnCommit(restart(adaState!), restored));
    const { message } = await send(adaNext, 'hello');
    expect(await readText(valueOf(await processCommit(bobState!, restored.commit)).state, message)).toBe('hello');
    const joined = valueOf(await joinGroup(restored.welcome!, invited.privateState, treeOf(restored.next)));
    expect(await readText(joined.state, message)).toBe('hello');
  });

  test('[ML47] keeps an identity, its key and its binding', async () => {
    const identity = valueOf(parseMlsIdentity(serialiseMlsIdentity(bob.identity)));
    expect(identity).toEqual(bob.identity);
    const { message } = await newKeyPackage(identity, { nowMs: NOW_MS });
    const [adaState] = await groupOf([ada]);
    expect((await prepare(adaState!, { add: [message] })).epoch).toBe(1);
  });

  test('[ML41] a removed member stays removed', async () => {
    const [adaState, bobState] = await groupOf([ada, bob]);
    const { commit } = await prepare(adaState!, { remove: [bob.actor] });
    expect(restart(valueOf(await processCommit(bobState!, commit)).state).status).toBe('removed');
  });
});

test('[ML47] stored bytes that are none are refused', async () => {
  const [state] = await groupOf([ada, bob]);
  const stored: [Uint8Array, (bytes: Uint8Array) => Result<unknown, { readonly code: string }>][] = [
    [serialiseState(state!), parseState],
    [serialisePendingCommit(await prepare(state!)), parsePendingCommit],
    [serialiseMlsIdentity(ada.identity), parseMlsIdentity],
  ];
  for (const [bytes, parse] of stored) {
    expect(codeOf(parse(bytes))).toBe('accepted');
    expect(codeOf(parse(Uint8Array.of(...bytes, 0)))).toBe('state-malformed');
    expect(codeOf(parse(Uint8Array.of(9, ...bytes.subarray(1))))).toBe('state-malformed');
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (length) => {
        expect(codeOf(parse(bytes.subarray(0, length)))).toBe('state-malformed');
      }),
      { numRuns: 40 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (garbage) => !parse(garbage).ok));
  }
});

test('[ML47] a state whose tree was changed is refused', async () => {
  const [state] = await groupOf([ada, bob]);
  const bytes = serialiseState(state!);
  const signatureKey = toHex(membersOf(state!)[1]!.signatureKey);
  const offset = toHex(bytes).indexOf(signatureKey) / 2;
  bytes[offset] = bytes[offset]! ^ 1;
  expect(codeOf(parseState(bytes))).toBe('state-malformed');
});

test('[ML47] no secret shows in what a state looks like', async () => {
  const [state] = await groupOf([ada, bob]);
  expect(Object.keys(state!).sort()).toEqual(['actor', 'epoch', 'groupId', 'leafIndex', 'status', 'suite']);
});
