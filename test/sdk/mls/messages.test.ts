import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { createGroup, decrypt, encrypt, MAX_PLAINTEXT_BYTES, type GroupState } from '../../../sdk/mls/index.ts';
import { paddedLength } from '../../../sdk/mls/padding.ts';
import { encryptAs } from './malice.ts';
import {
  codeOf,
  commitAndFollow,
  groupOf,
  makePerson,
  NO_DATA,
  NOW_MS,
  readText,
  send,
  valueOf,
  makeCast,
  type Cast,
} from './people.ts';

let { ada, bob } = {} as Cast;
let adaState: GroupState;
let bobState: GroupState;
beforeAll(async () => {
  ({ ada, bob } = await makeCast());
  [adaState, bobState] = (await groupOf([ada, bob])) as [GroupState, GroupState];
});

async function sendMany(from: GroupState, count: number): Promise<{ state: GroupState; messages: Uint8Array[] }> {
  const messages: Uint8Array[] = [];
  let state = from;
  for (let i = 0; i < count; i++) {
    const sent = await send(state, `#${i}`);
    state = sent.state;
    messages.push(sent.message);
  }
  return { state, messages };
}

/** Reads with the state that the read before left. */
async function readAll(from: GroupState, messages: readonly Uint8Array[]): Promise<string[]> {
  const texts: string[] = [];
  let state = from;
  for (const message of messages) {
    const read = await decrypt(state, message);
    texts.push(read.ok ? new TextDecoder().decode(read.value.plaintext) : `(${read.error.code})`);
    if (read.ok) ({ state } = read.value);
  }
  return texts;
}

describe('order', () => {
  test('[ML42] messages can be read in any order, each once', async () => {
    const { messages } = await sendMany(adaState, 4);
    const [m0, m1, m2, m3] = messages as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const texts = await readAll(bobState, [m3, m1, m0, m1, m2, m3]);
    expect(texts).toEqual(['#3', '#1', '#0', '(message-unreadable)', '#2', '(message-unreadable)']);
  });

  test('[ML42] the keys of 64 skipped messages are kept, and no more', async () => {
    const { messages } = await sendMany(adaState, 66);
    const texts = await readAll(bobState, [messages[65]!, messages[0]!, messages[1]!]);
    expect(texts).toEqual(['#65', '(message-unreadable)', '#1']);
  });

  test('[ML42] messages of three epochs back can be read, a fourth not', async () => {
    const early = await sendMany(adaState, 2);
    let states = [early.state, bobState];
    for (let epoch = 0; epoch < 3; epoch++) states = await commitAndFollow(states);
    expect(await readText(states[1]!, early.messages[1]!)).toBe('#1');
    const later = await send(states[0]!, 'now');
    expect(await readAll(states[1]!, [later.message, ...early.messages])).toEqual(['now', '#0', '#1']);
    states = await commitAndFollow(states);
    expect(await readText(states[1]!, early.messages[0]!)).toBe('(message-expired)');
  });

  test('[ML42] a message of an epoch that is yet to come is refused, and read once it has come', async () => {
    const [adaNext, bobNext] = await commitAndFollow([adaState, bobState]);
    const { message } = await send(adaNext!, 'early');
    expect(await readText(bobState, message)).toBe('(message-future)');
    expect(await readText(bobNext!, message)).toBe('early');
  });

  test('[ML42] a joiner can’t read what was sent before it joined', async () => {
    const cem = await makePerson(3);
    const { message, state } = await send(adaState, 'past');
    const [, , cemState] = await commitAndFollow([state, bobState], { add: [cem] });
    expect(await readText(cemState!, message)).toBe('(message-expired)');
  });
});

describe('refusals', () => {
  test('[ML40] a message of one’s own, of another group or of no group is refused', async () => {
    const { message, state } = await send(adaState, 'hello');
    expect(await readText(state, message)).toBe('(message-own)');
    const elsewhere = await createGroup({ groupId: new Uint8Array(32), identity: bob.identity, nowMs: NOW_MS });
    expect(await readText(adaState, (await send(elsewhere.state, 'hello')).message)).toBe('(message-group)');
    expect(await readText(adaState, NO_DATA)).toBe('(mls-malformed)');
  });

  test('[ML40] a member can’t write in another’s name', async () => {
    const cem = await makePerson(3);
    const [, bobNow, cemNow] = await commitAndFollow([adaState, bobState], { add: [cem] });
    expect(await readText(bobNow!, await encryptAs(cemNow!, 2, 'mine'))).toBe('mine');
    expect(await readText(bobNow!, await encryptAs(cemNow!, 0, 'Ada’s'))).toBe('(message-unreadable)');
  });

  test('[ML40] no byte of a message can be changed', async () => {
    const { message } = await send(adaState, 'hello', new Uint8Array(48));
    for (let offset = 0; offset < message.length; offset++) {
      const altered = message.slice();
      altered[offset] = altered[offset]! ^ (1 << (offset % 8));
      expect(await readText(bobState, altered), `byte ${offset}`).toMatch(/^\((message|mls)-/);
    }
  });

  test('[ML45] nothing that can be made of a message makes decrypting throw', async () => {
    const { message } = await send(adaState, 'hello');
    await fc.assert(
      fc.asyncProperty(fc.nat(message.length), fc.nat(message.length), fc.uint8Array(), async (from, to, insert) => {
        const altered = Uint8Array.of(...message.subarray(0, from), ...insert, ...message.subarray(to));
        const isSame = insert.length === 0 && from === to;
        const code = codeOf(await decrypt(bobState, altered));
        if (!isSame && altered.join() !== message.join()) expect(code).not.toBe('accepted');
      }),
      { numRuns: 60 },
    );
  });

  test('[ML5] a plaintext that makes too large a message is refused', async () => {
    expect(codeOf(await encrypt(adaState, new Uint8Array(MAX_PLAINTEXT_BYTES + 1), NO_DATA))).toBe('mls-too-large');
    const { message } = valueOf(await encrypt(adaState, new Uint8Array(MAX_PLAINTEXT_BYTES), new Uint8Array(48)));
    expect(valueOf(await decrypt(bobState, message)).plaintext).toHaveLength(MAX_PLAINTEXT_BYTES);
  });
});

describe('padding', () => {
  test('[ML43] short messages all have one length', async () => {
    const lengths = await Promise.all(
      ['', 'a', 'a'.repeat(180)].map(async (text) => (await send(adaState, text)).message.length),
    );
    expect(new Set(lengths).size).toBe(1);
  });

  test('[ML43] a padded length keeps few bits, costs at most 12% and never shrinks', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_PLAINTEXT_BYTES }), (length) => {
        const padded = paddedLength(length);
        expect(padded).toBeGreaterThanOrEqual(length);
        if (length > 1024) expect(padded).toBeLessThanOrEqual((length + 70) * 1.12);
        expect(paddedLength(length + 1)).toBeGreaterThanOrEqual(padded);
      }),
    );
    // Five leading bits of what has 17, four of what has 11; 70 bytes are framing.
    expect([69_930, 960, 186].map(paddedLength)).toEqual([71_680, 1088, 256]);
    const seen = new Set(Array.from({ length: 100_000 }, (_, length) => paddedLength(length)));
    expect(seen.size).toBeLessThan(150);
  });
});
