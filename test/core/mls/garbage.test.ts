import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import {
  parseApplicationMessage,
  parseAuthenticatedData,
  parseCommitMessage,
  parseCredentialIdentity,
  parseGroupInfo,
  parseKeyPackage,
  parseOpaqueCommit,
  parseOpaqueProposal,
  parseProposalMessage,
  parseRatchetTree,
  parseWelcome,
} from '../../../core/mls/index.ts';
import { encodeRatchetTree } from 'ts-mls/ratchetTree.js';
import { openState } from '../../../sdk/mls/open-state.ts';
import { proposeAnything, removal } from '../../sdk/mls/malice.ts';
import { groupOf, keyPackageOf, makePerson, NOW_MS, prepare, send } from '../../sdk/mls/people.ts';

const PARSERS = [
  parseApplicationMessage,
  parseCommitMessage,
  parseGroupInfo,
  (bytes: Uint8Array) => parseKeyPackage(bytes, { nowMs: NOW_MS }),
  parseOpaqueCommit,
  parseOpaqueProposal,
  parseProposalMessage,
  parseRatchetTree,
  parseWelcome,
];
/** Version and each wire format; the content types and sender types of a PublicMessage. */
const HEADERS = [[], ...[1, 2, 3, 4, 5].map((format) => [0, 1, 0, format]), [0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]];

let messages: Uint8Array[];
beforeAll(async () => {
  const [ada, bob, cem] = await Promise.all([1, 2, 3].map((seedByte) => makePerson(seedByte)));
  const [state] = await groupOf([ada!, bob!]);
  const { message: keyPackage } = await keyPackageOf(cem!);
  const pending = await prepare(state!, { add: [keyPackage] });
  messages = [
    keyPackage,
    pending.commit,
    (await prepare(state!, { handshakes: 'opaque' })).commit,
    (await proposeAnything(state!, removal(1), false)).message,
    pending.groupInfo,
    pending.welcome!,
    (await send(state!, 'hello')).message,
    (await proposeAnything(state!, removal(1))).message,
    encodeRatchetTree(openState(state!).client.ratchetTree),
  ];
});

test('[ML6] no bytes make a parser throw', () => {
  fc.assert(
    fc.property(fc.constantFrom(...HEADERS), fc.uint8Array({ maxLength: 300 }), (header, rest) => {
      const bytes = Uint8Array.of(...header, ...rest);
      for (const parse of PARSERS) expect(typeof parse(bytes).ok).toBe('boolean');
      expect(parseCredentialIdentity(bytes) === undefined).toBe(bytes.length !== 96);
      expect(parseAuthenticatedData(bytes) === undefined).toBe(bytes.length !== 48);
    }),
    { numRuns: 1500 },
  );
});

test('[ML6] nothing that can be made of a sound message makes a parser throw, or passes with bytes to spare', () => {
  const edit = fc.record({
    message: fc.nat(8),
    at: fc.nat(1200),
    cut: fc.nat(40),
    insert: fc.uint8Array({ maxLength: 12 }),
  });
  fc.assert(
    fc.property(edit, ({ message, at, cut, insert }) => {
      const sound = messages[message]!;
      const altered = Uint8Array.of(...sound.subarray(0, at), ...insert, ...sound.subarray(at + cut));
      for (const parse of PARSERS) expect(typeof parse(altered).ok).toBe('boolean');
      const longer = Uint8Array.of(...sound, ...insert, 0);
      for (const parse of PARSERS) expect(parse(longer).ok).toBe(false);
    }),
    { numRuns: 600 },
  );
});

test('[ML6] a list of many thousand items is read whole, and refused for its length', () => {
  // A commit with 60,000 proposals by an empty reference, in 120,000 bytes.
  const items = new Uint8Array(120_000).map((_, index) => (index % 2 === 0 ? 2 : 0));
  const head = [0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 3];
  const length = [0x80, 0x01, 0xd4, 0xc0];
  const bytes = Uint8Array.of(...head, ...length, ...items, 0, 0, 0, 0);
  expect(parseCommitMessage(bytes)).toEqual({ ok: false, error: { code: 'commit-proposal-list' } });
});
