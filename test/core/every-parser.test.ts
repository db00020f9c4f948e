import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as core from '../../core/index.ts';
import {
  blobDescriptor,
  chainGenesis,
  decodeTrusted,
  digestField,
  encode,
  encodeLogCopy,
  encodeState,
  encodeTimestampedSignature,
  entryCodec,
  eventTbs,
  formatCheckpoint,
  formatLogProof,
  formatNote,
  formatVkey,
  foundChain,
  foundingInvitation,
  openCheckpoint,
  openNote,
  parseActorKey,
  parseBlobDescriptor,
  parseChainId,
  parseCheckpoint,
  parseClusterConfiguration,
  parseDigestField,
  parseEntries,
  parseGenesis,
  parseInvitation,
  parseLogCopy,
  parseLogProof,
  parseNote,
  parseObjectKey,
  packSegment,
  parsePlacement,
  parseSegment,
  parseShardTail,
  parseSignedEvent,
  parseState,
  parseTimestampedSignature,
  parseVkey,
  placementCodec,
  publicKeyOf,
  sealBlob,
  sha256,
  shardTail,
  signEd25519,
  signNote,
  toBase64Url,
  verifierKeyOf,
  verifyOracle,
  writeInvitation,
  type VerifyJob,
} from '../../core/index.ts';
import * as mls from '../../core/mls/index.ts';
import { applyEdits, edits } from '../fuzz/mutations.ts';
import { TestActor } from '../support/test-actor.ts';

const alice = new TestActor('alice the parsed');
const { event, signature } = alice.genesis({}, 1_800_000_000_000);
const genesis = decodeTrusted(eventTbs, event);
const founded = foundChain(genesis);
const state = founded.ok ? encodeState(founded.value) : new Uint8Array();
const entry = encode(entryCodec, { index: 0, prev: new Uint8Array(32), relayTime: 7, event, signature });
const logKey = verifierKeyOf('log.example', 'ed25519', alice.key);
const text = formatCheckpoint({
  origin: 'log.example',
  size: 5,
  root: new Uint8Array(32).fill(9),
  extensions: ['more'],
});
const note = signNote(text, { key: logKey, sign: (message) => signEd25519(alice.seed, message) });
const verify = (jobs: readonly VerifyJob[]): boolean[] => jobs.map(verifyOracle);

const layout = { dataShards: 2, totalShards: 4, cellBytes: 64, blobBytes: 300 };
const blob = sealBlob(
  layout,
  [1, 2, 3, 4].map((byte) => new Uint8Array(96).fill(byte)),
);

/** What a parser takes, and the one encoding of what it made of it; undefined where it refused. */
interface Parser<Input extends Uint8Array | string> {
  readonly sample: Input;
  readonly reencode: (input: Input) => Input | undefined;
}

const ofBytes: Readonly<Record<string, Parser<Uint8Array>>> = {
  parseActorKey: { sample: alice.key, reencode: parseActorKey },
  parseBlobDescriptor: {
    sample: encode(blobDescriptor, blob.descriptor),
    reencode: (bytes) => {
      const parsed = parseBlobDescriptor(bytes);
      return parsed.ok ? encode(blobDescriptor, parsed.value) : undefined;
    },
  },
  parseChainId: { sample: new Uint8Array(32), reencode: parseChainId },
  parseEntries: {
    sample: entry,
    reencode: (bytes) => {
      // Says of each entry what is wrong with it; what may stand is for the replay to say.
      parseEntries([bytes, entry]);
      return undefined;
    },
  },
  parseGenesis: {
    sample: genesis.body,
    reencode: (body) => {
      const parsed = parseGenesis({ ...genesis, body });
      return parsed.ok ? chainGenesis.encodeBody(parsed.value) : undefined;
    },
  },
  parseLogCopy: {
    sample: encodeLogCopy({
      chain: new Uint8Array(32),
      checkpoint: note,
      entries: [entry, entry],
      modules: [Uint8Array.of(0, 97, 115, 109)],
    }),
    reencode: (bytes) => {
      const copy = parseLogCopy(bytes);
      return copy.ok ? encodeLogCopy(copy.value) : undefined;
    },
  },
  parsePlacement: {
    sample: encode(placementCodec, { version: 1, number: 3, dataShards: 2, slots: ['a', 'b', 'c', 'd'] }),
    reencode: (bytes) => {
      const parsed = parsePlacement(bytes);
      return parsed.ok ? encode(placementCodec, parsed.value) : undefined;
    },
  },
  parseSegment: {
    sample: packSegment([alice.key, event].map((payload) => ({ hash: sha256(payload), payload }))).bytes,
    reencode: (bytes) => {
      const parsed = parseSegment(bytes);
      if (!parsed.ok) return undefined;
      return packSegment(parsed.value.map(({ hash, start, end }) => ({ hash, payload: bytes.subarray(start, end) })))
        .bytes;
    },
  },
  parseShardTail: {
    sample: blob.tails[2]!,
    reencode: (bytes) => {
      const parsed = parseShardTail(bytes, blob.descriptor, 2);
      return parsed.ok ? encode(shardTail, parsed.value) : undefined;
    },
  },
  parseSignedEvent: {
    sample: event,
    reencode: (tbs) => {
      const parsed = parseSignedEvent(tbs, signature);
      return parsed.ok ? encode(eventTbs, parsed.value.event) : undefined;
    },
  },
  parseState: {
    sample: state,
    reencode: (bytes) => {
      const parsed = parseState(bytes);
      return parsed && encodeState(parsed);
    },
  },
  parseTimestampedSignature: {
    sample: encodeTimestampedSignature({ timeSeconds: 1_700_000_000, signature: new Uint8Array(64) }),
    reencode: (bytes) => {
      const parsed = parseTimestampedSignature(bytes);
      return parsed && encodeTimestampedSignature(parsed);
    },
  },
};

const ofText: Readonly<Record<string, Parser<string>>> = {
  openCheckpoint: {
    sample: note,
    reencode: (input) => {
      const opened = openCheckpoint(input, { origin: 'log.example', logKey, verify });
      // Who adds lines to a note changes none of what was signed.
      if (opened.ok) expect(formatCheckpoint(opened.value.checkpoint)).toBe(text);
      return undefined;
    },
  },
  openNote: {
    sample: note,
    reencode: (input) => {
      const opened = openNote(input, [logKey], verify);
      if (opened.ok) expect(opened.value.text).toBe(text);
      return undefined;
    },
  },
  parseCheckpoint: {
    sample: text,
    reencode: (input) => {
      const parsed = parseCheckpoint(input);
      return parsed.ok ? formatCheckpoint(parsed.value) : undefined;
    },
  },
  parseLogProof: {
    sample: formatLogProof({ index: 3, path: [new Uint8Array(32), new Uint8Array(32).fill(1)], checkpoint: note }),
    reencode: (input) => {
      const parsed = parseLogProof(input);
      return parsed.ok ? formatLogProof(parsed.value) : undefined;
    },
  },
  parseNote: {
    sample: note,
    reencode: (input) => {
      const parsed = parseNote(input);
      return parsed.ok ? formatNote(parsed.value) : undefined;
    },
  },
  parseInvitation: {
    sample: writeInvitation({ id: new Uint8Array(16), uses: 3, expiresAt: 7 }, 'a.example', () => new Uint8Array(64)),
    reencode: (input) => {
      const parsed = parseInvitation(input);
      return parsed && toBase64Url(encode(foundingInvitation, parsed));
    },
  },
  parseDigestField: {
    sample: digestField(new Uint8Array(32)),
    reencode: (input) => {
      const parsed = parseDigestField(input);
      return parsed && digestField(parsed);
    },
  },
  parseClusterConfiguration: {
    sample: JSON.stringify({
      dataShards: 1,
      nodes: ['a', 'b', 'c', 'd'].map((name) => ({ name, domain: name, kind: 'r2', binding: name })),
    }),
    // JSON says the same in many ways.
    reencode: (input) => {
      parseClusterConfiguration(input);
      return undefined;
    },
  },
  parseObjectKey: { sample: 'blobs/0123', reencode: parseObjectKey },
  parseVkey: {
    sample: formatVkey(verifierKeyOf('log.example', 'ed25519', publicKeyOf(alice.seed))),
    reencode: (input) => {
      const parsed = parseVkey(input);
      return parsed.ok ? formatVkey(parsed.value) : undefined;
    },
  },
};

const utf8 = new TextEncoder();
const donors = [entry, event, state, utf8.encode(note)];

test('every parser of core is under these tests, and those of MLS under their own', () => {
  const isParser = ([name, value]: [string, unknown]): boolean =>
    /^(parse|open)[A-Z]/.test(name) && typeof value === 'function';
  const names = Object.entries(core)
    .filter(isParser)
    .map(([name]) => name);
  expect(names.sort()).toEqual([...Object.keys(ofBytes), ...Object.keys(ofText)].sort());
  expect(Object.entries(mls).filter(isParser)).toHaveLength(11);
});

describe.each(Object.entries(ofBytes))('%s', (_name, { sample, reencode }) => {
  test('[EN1] throws for no bytes, and takes none but the one encoding of what it reads', () => {
    fc.assert(
      fc.property(edits, (changes) => {
        const mutant = applyEdits(sample, changes, donors);
        const again = reencode(mutant);
        if (again !== undefined) expect(Buffer.compare(again, mutant)).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});

describe.each(Object.entries(ofText))('%s', (_name, { sample, reencode }) => {
  test('[TR1, TR2, TR3, TR4, TR6] throws for no text, and takes none but the one spelling of what it reads', () => {
    fc.assert(
      fc.property(edits, fc.boolean(), (changes, isLatin) => {
        const bytes = applyEdits(utf8.encode(sample), changes, donors);
        const mutant = new TextDecoder(isLatin ? 'latin1' : 'utf-8', { ignoreBOM: true }).decode(bytes);
        const again = reencode(mutant);
        if (again !== undefined) expect(again).toBe(mutant);
      }),
      { numRuns: 300 },
    );
  });
});
