import { randomBytes } from 'node:crypto';
import {
  appendAnswer,
  appendRequest,
  chainDownFrame,
  chainUpFrame,
  contentDigest,
  decodeTrusted,
  encode,
  ticketAnswer,
  type AppendAnswer,
  type Submission,
  type TicketAnswer,
} from '../../core/index.ts';
import { signRequest } from '../../sdk/signed-request.ts';
import type { BenchGroup, LoadActor } from './bench-group.ts';
import { LoadSocket } from './load-socket.ts';

/** First bytes of the frames that a chain sends. */
const CAUGHT_UP = 2;
const APPENDED = 3;
const PROBLEM = 4;
const MARK = 5;

/**
 * Opens a chain's stream past its history, as a client would: a signed request for a ticket, then the ticket, where it is good.
 * `onHistory` gets every frame until then.
 */
export async function openStream(
  group: BenchGroup,
  actor: LoadActor,
  cursor: number,
  onHistory?: (frame: Uint8Array) => void,
): Promise<LoadSocket> {
  const url = `${group.relay.url}${group.path}/stream`;
  const { ticket, share } = await fetchTicket(url, actor);
  const socketUrl = `${url.replace(/^http/, 'ws')}?share=${share}`;
  const socket = await LoadSocket.connect(socketUrl, countAnswers, reportMark);
  const live = new Promise<void>((resolve, reject) => {
    socket.onFrame = (frame) => {
      if (frame[0] === CAUGHT_UP) resolve();
      else onHistory?.(frame);
      if (frame[0] === PROBLEM) reject(new Error(Buffer.from(frame).toString()));
    };
  });
  socket.send(encode(chainUpFrame, { kind: 'open', value: { ticket, cursor } }));
  await live;
  return socket;
}

/** What came before a mark is counted by then. */
function reportMark(frame: Uint8Array): Uint8Array | undefined {
  if (frame[0] !== MARK) return undefined;
  return encode(chainUpFrame, { kind: 'progress', value: { mark: frame.subarray(1) } });
}

async function fetchTicket(url: string, actor: LoadActor): Promise<TicketAnswer> {
  const platform = { now: Date.now, randomBytes: (length: number) => new Uint8Array(randomBytes(length)) };
  const headers = await signRequest({ method: 'POST', url, digest: contentDigest(new Uint8Array()) }, actor, platform);
  const response = await fetch(url, { method: 'POST', headers });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return decodeTrusted(ticketAnswer, new Uint8Array(await response.arrayBuffer()));
}

/** Submissions in frames of `size`, as they go over the socket. */
export function appendFrames(submissions: readonly Submission[], size: number): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let start = 0; start < submissions.length; start += size) {
    const value = { request: frames.length, append: { submissions: submissions.slice(start, start + size) } };
    frames.push(encode(chainUpFrame, { kind: 'append', value }));
  }
  return frames;
}

export function appendBody(submissions: readonly Submission[]): Uint8Array {
  return encode(appendRequest, { submissions });
}

/** Throws unless each answer holds receipts alone, and in all `count` of them. */
export function assertReceipts(answers: readonly AppendAnswer[], count: number): void {
  const outcomes = answers.flatMap((answer) => answer.outcomes);
  const refused = outcomes.find(({ kind }) => kind === 'refused');
  if (refused !== undefined) throw new Error(`an event was refused: ${JSON.stringify(refused.value)}`);
  if (outcomes.length !== count) throw new Error(`${outcomes.length} receipts for ${count} events`);
}

export function answerOfBody(body: Uint8Array): AppendAnswer {
  return decodeTrusted(appendAnswer, body);
}

/** The answers in frames that `ask` gave; one that answered several questions counts once. */
export function answersOfFrames(frames: Iterable<Uint8Array>): AppendAnswer[] {
  return [...new Set(frames)].flatMap((bytes) => {
    const frame = decodeTrusted(chainDownFrame, bytes);
    if (frame.kind !== 'appended') throw new Error(`${frame.kind} is no answer to an append`);
    const { answers, checkpoint } = frame.value;
    return answers.map(({ outcomes }) => ({ outcomes, checkpoint }));
  });
}

/** Walks the answers of a frame by their lengths: what each says is looked at when the clock has stopped. */
function countAnswers(frame: Uint8Array): number {
  if (frame[0] !== APPENDED) return 0;
  const list = vectorAt(frame, 1);
  let count = 0;
  for (let offset = list.start; offset < list.end; count++) offset = vectorAt(frame, offset + REQUEST_BYTES).end;
  return count;
}

const REQUEST_BYTES = 4;

/** Where a vector's bytes are, by the length prefix of RFC 9420 §2.1.2. */
function vectorAt(bytes: Uint8Array, offset: number): { readonly start: number; readonly end: number } {
  const prefixBytes = 1 << ((bytes[offset] as number) >> 6);
  const start = offset + prefixBytes;
  let length = (bytes[offset] as number) & 0x3f;
  for (let i = offset + 1; i < start; i++) length = length * 256 + (bytes[i] as number);
  return { start, end: start + length };
}

/** How many entries the log has after a frame of entries: the second line of the checkpoint, which ends the frame. */
export function sizeAfter(frame: Uint8Array): number {
  const end = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).subarray(-CHECKPOINT_BYTES);
  return Number(/\/log\n(\d+)\n/.exec(end.toString('latin1'))?.[1]);
}

/** More than a checkpoint with one signature. */
const CHECKPOINT_BYTES = 400;
