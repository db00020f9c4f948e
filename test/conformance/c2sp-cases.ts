import { bytesToUtf8, fromBase64, fromHex, toHex } from '../../core/bytes/index.ts';
import { createSignatureChecker, publicKeyOf, signEd25519 } from '../../core/crypto/index.ts';
import { verifyConsistency } from '../../core/merkle/index.ts';
import {
  cosignatureMessage,
  formatCheckpoint,
  formatNote,
  formatVkey,
  NOTE_ALGORITHMS,
  openCheckpoint,
  openNote,
  parseCheckpoint,
  parseNote,
  parseVkey,
  signNote,
  type VerifierKey,
} from '../../core/note/index.ts';
import type { Result } from '../../core/result.ts';
import { createNodeVerifier } from './platform-verifiers.ts';
import type { ConformanceCase, VectorFiles } from './vectors.ts';

/** The kinds of vector have these fields between them. */
interface C2spVector {
  readonly src: string;
  readonly kind: string;
  readonly vkey: string;
  readonly note: string;
  readonly key_id: string;
  readonly origin: string;
  readonly seed?: string;
  readonly time: number | string;
  readonly name: string;
  readonly alg: number;
  readonly public_key: string;
  readonly size: number;
  readonly root: string;
  readonly size1: number;
  readonly size2: number;
  readonly root1: string;
  readonly root2: string;
  readonly proof: readonly string[];
  readonly message: string;
}

interface Question {
  readonly what: string;
  readonly ask: () => unknown;
  readonly expected: unknown;
}

const { check } = createSignatureChecker({ verifyBatch: createNodeVerifier() });

const QUESTIONS: Readonly<Record<string, (vector: C2spVector) => readonly Question[]>> = {
  note: (vector) => [keyQuestion(vector), ...noteQuestions(vector)],
  checkpoint: (vector) => [keyQuestion(vector), ...noteQuestions(vector), ...checkpointQuestions(vector)],
  cosigned: (vector) => [keyQuestion(vector), ...noteQuestions(vector), ...cosignatureQuestions(vector)],
  vkey: (vector) => [vkeyQuestion(vector)],
  consistency: consistencyQuestions,
  'cosigned-message': (vector) => [messageQuestion(vector)],
};

export function c2spCases(files: VectorFiles): ConformanceCase[] {
  return Object.values(files).flatMap((file) =>
    (file as readonly C2spVector[]).flatMap((vector, i) => {
      const questions = QUESTIONS[vector.kind]?.(vector) ?? [
        { what: vector.kind, ask: () => 'no questions for this kind', expected: undefined },
      ];
      return questions.map(({ what, ask, expected }) => ({ name: `${i} ${vector.src}: ${what}`, ask, expected }));
    }),
  );
}

function keyQuestion({ vkey, key_id: keyId }: C2spVector): Question {
  const ask = () => {
    const key = keyOf(vkey);
    return [formatVkey(key), toHex(key.keyId)];
  };
  return { what: 'key reads back', ask, expected: [vkey, keyId] };
}

function noteQuestions({ note, vkey }: C2spVector): Question[] {
  const open = (text: string) => openNote(text, [keyOf(vkey)], check);
  return [
    { what: 'note reads back', ask: () => formatNote(valueOf(parseNote(note))), expected: note },
    { what: 'signature verifies', ask: () => open(note).ok, expected: true },
    {
      what: 'changed text is refused',
      ask: () => errorOf(open(`x${note}`)),
      expected: { code: 'note-signature-invalid', name: keyOf(vkey).name },
    },
  ];
}

function checkpointQuestions({ note, vkey, origin, seed }: C2spVector): Question[] {
  const trust = { origin, logKey: keyOf(vkey), verify: check };
  const questions: Question[] = [
    {
      what: 'checkpoint reads back',
      ask: () => formatCheckpoint(valueOf(openCheckpoint(note, trust)).checkpoint),
      expected: textOf(note),
    },
    {
      what: 'another origin is refused',
      ask: () => errorOf(openCheckpoint(note, { ...trust, origin: `${origin}x` })),
      expected: { code: 'checkpoint-wrong-origin', origin },
    },
  ];
  if (seed === undefined) return questions;
  return [...questions, { what: 'signs the same note', ask: () => signAgain(seed, note, vkey), expected: note }];
}

function signAgain(seedHex: string, note: string, vkey: string): string {
  const seed = present(fromHex(seedHex));
  const key = { ...keyOf(vkey), publicKey: publicKeyOf(seed) };
  return signNote(textOf(note), { key, sign: (message) => signEd25519(seed, message) });
}

function cosignatureQuestions({ note, vkey, time, origin }: C2spVector): Question[] {
  const open = () => valueOf(openNote(note, [keyOf(vkey)], check));
  return [
    {
      what: 'time',
      ask: () => open().signatures,
      expected: [{ kind: 'cosignature-v1', key: keyOf(vkey), timeSeconds: time }],
    },
    { what: 'origin', ask: () => valueOf(parseCheckpoint(open().text)).origin, expected: origin },
  ];
}

function vkeyQuestion({ vkey, name, alg, public_key: publicKey }: C2spVector): Question {
  const ask = () => {
    const key = keyOf(vkey);
    return [key.name, NOTE_ALGORITHMS[key.algorithm], toHex(key.publicKey), formatVkey(key)];
  };
  return { what: 'key reads back', ask, expected: [name, alg, publicKey, vkey] };
}

function consistencyQuestions({ size1, size2, root1, root2, proof }: C2spVector): Question[] {
  const claim = { size1, size2, root1: bytesOf(root1), root2: bytesOf(root2), proof: proof.map(bytesOf) };
  return [
    { what: 'verifies', ask: () => verifyConsistency(claim), expected: true },
    {
      what: 'one hash less is refused',
      ask: () => verifyConsistency({ ...claim, proof: claim.proof.slice(1) }),
      expected: false,
    },
  ];
}

function messageQuestion({ time, origin, size, root, message }: C2spVector): Question {
  const ask = () => {
    const text = formatCheckpoint({ origin, size, root: bytesOf(root), extensions: [] });
    return bytesToUtf8(cosignatureMessage(BigInt(time), text));
  };
  return { what: 'message', ask, expected: message };
}

function keyOf(vkey: string): VerifierKey {
  return valueOf(parseVkey(vkey));
}

function textOf(note: string): string {
  return note.slice(0, note.lastIndexOf('\n\n') + 1);
}

function bytesOf(base64: string): Uint8Array {
  return present(fromBase64(base64));
}

function valueOf<T>(result: Result<T, { readonly code: string }>): T {
  if (!result.ok) throw new Error(`refused: ${result.error.code}`);
  return result.value;
}

function errorOf<E>(result: Result<unknown, E>): E | undefined {
  return result.ok ? undefined : result.error;
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a vector is not in the form it should have');
  return value;
}
