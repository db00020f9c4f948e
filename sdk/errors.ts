import { problems, type JudgedRefusal, type ProblemCode } from '../core/index.ts';
import { adviceOnProblem, ASK, GIVE_UP, RETRY, waitFor, type Advice } from './advice.ts';

/**
 * Every error that the SDK throws on purpose. `code` is stable and kebab-case; `advice` says to the program what to do next,
 * and `hint` to people. Both are own properties: an error that nobody catches is printed with them. Bad arguments throw a
 * TypeError or RangeError, and an aborted call throws its signal's reason.
 */
export abstract class TeraChatError extends Error {
  abstract readonly code: string;
  abstract readonly hint: string;
  abstract readonly advice: Advice;
}

/** Whether it may be over the next time, and how many ms to wait until then at least; undefined where it stays. */
export function passingAfter(error: unknown): number | undefined {
  if (!(error instanceof TeraChatError)) return undefined;
  const { advice } = error;
  // What answers for a network that wants a login first goes away like any other failure of the way.
  if (advice.kind === 'retry' || error instanceof NetworkError) return 0;
  return advice.kind === 'wait' ? advice.ms : undefined;
}

/** The relay refused, and said why (RFC 9457). `details` are the members that this code adds. */
export class RelayProblem extends TeraChatError {
  override readonly name = 'RelayProblem';
  readonly code: ProblemCode;
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;
  readonly hint: string;
  readonly advice: Advice;

  constructor(code: ProblemCode, details: Readonly<Record<string, unknown>> = {}) {
    const { title, status } = problems[code];
    super(`${code}: ${title}`);
    this.code = code;
    this.status = status;
    this.details = details;
    this.hint = title;
    this.advice = adviceOnProblem(code, details);
  }
}

/** A registry would not take what was signed for it: found before anything was sent. */
export class StatementError extends TeraChatError {
  override readonly name = 'StatementError';
  readonly code: JudgedRefusal['code'];
  readonly advice = ASK;
  /** The rule that is broken, with what it says besides. */
  readonly refusal: JudgedRefusal;
  readonly hint: string;

  constructor(refusal: JudgedRefusal) {
    const title = titleOf(refusal.code);
    super(`${refusal.code}: ${title}`);
    this.code = refusal.code;
    this.refusal = refusal;
    this.hint = title;
  }
}

function titleOf(code: JudgedRefusal['code']): string {
  return code === 'unsupported-statement'
    ? 'This is no statement of the kind that belongs here.'
    : problems[code].title;
}

/** A connection that broke is not worth hurrying for. */
const NETWORK_PAUSE_MS = 1_000;

/** No answer came, or none that a relay gives. What became of a request that changes something is then unknown. */
export class NetworkError extends TeraChatError {
  override readonly name = 'NetworkError';
  readonly code: 'unreachable' | 'timeout' | 'not-a-relay';
  readonly hint: string;
  readonly advice: Advice;

  constructor(code: NetworkError['code'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint =
      code === 'not-a-relay'
        ? 'Check the address: what answered does not speak this protocol.'
        : 'Check that the relay runs and can be reached, then try again; sending the same bytes twice is safe.';
    this.advice = code === 'not-a-relay' ? ASK : waitFor(NETWORK_PAUSE_MS);
  }
}

/** What an answer failed. Nothing of it was shown or stored. */
export type UntrustedCode =
  | 'malformed-answer'
  | 'checkpoint-invalid'
  | 'checkpoint-older'
  | 'entry-invalid'
  | 'root-mismatch'
  | 'proof-invalid'
  | 'uncovered-entries'
  | 'receipt-mismatch'
  | 'payload-mismatch'
  | 'payload-withheld'
  | 'other-relay'
  | 'wrong-kind'
  | 'key-package-invalid'
  | 'group-mismatch';

/** An answer did not verify (`CL2`). It may have been damaged on its way: the same call may be tried again. */
export class UntrustedError extends TeraChatError {
  override readonly name = 'UntrustedError';
  readonly code: UntrustedCode;
  readonly advice = RETRY;
  readonly hint =
    'Nothing of the answer was used. Try again; if it stays, keep this message and ask another member what they see.';
  /** The entry that failed, where one did. */
  readonly index: number | undefined;

  constructor(code: UntrustedCode, message: string, index?: number) {
    super(message);
    this.code = code;
    this.index = index;
  }
}

/** Two checkpoints of one log that can't both be true, each signed by the relay: text in C2SP signed-note form. */
export interface ForkEvidence {
  readonly chain: string;
  readonly held: string;
  readonly offered: string;
}

/** The relay showed two histories of one chain (`CL5`). The chain stays stopped on this device. */
export class ForkError extends TeraChatError {
  override readonly name = 'ForkError';
  readonly code = 'fork';
  readonly advice = GIVE_UP;
  readonly hint = 'Trust nothing new in this chain. Keep both checkpoints: together they prove what the relay did.';
  readonly evidence: ForkEvidence;

  constructor(evidence: ForkEvidence) {
    super(`the relay signed two histories of chain ${evidence.chain}`);
    this.evidence = evidence;
  }
}

/** Who a relay says it is. */
export interface RelayIdentity {
  readonly name: string;
  /** 32 bytes as base64url. */
  readonly checkpointKey: string;
}

/** The relay at this address is not the one that this storage knows (`CL1`). */
export class RelayChangedError extends TeraChatError {
  override readonly name = 'RelayChangedError';
  readonly code = 'relay-changed';
  readonly advice = ASK;
  readonly hint = 'Use the address of the relay that this identity was made at, or make an identity in another folder.';
  readonly pinned: RelayIdentity;
  readonly offered: RelayIdentity;

  constructor(pinned: RelayIdentity, offered: RelayIdentity) {
    super(
      `this storage belongs to ${pinned.name} (${pinned.checkpointKey}); ${offered.name} (${offered.checkpointKey}) answered`,
    );
    this.pinned = pinned;
    this.offered = offered;
  }
}

/** This actor was removed from the group by entry `index`, the last one that it may read. */
export class RemovedError extends TeraChatError {
  override readonly name = 'RemovedError';
  readonly code = 'removed';
  readonly advice = ASK;
  readonly hint = 'Ask an admin of the group for a new invitation. What was received stays readable.';
  readonly index: number;

  constructor(index: number) {
    super(`this identity was removed from the group by entry ${index}`);
    this.index = index;
  }
}

/** What can be wrong with a storage. */
export type StorageCode = keyof typeof storageRemedies;

/** The local storage could not do what was asked of it. */
export class StorageError extends TeraChatError {
  override readonly name = 'StorageError';
  readonly code: StorageCode;
  readonly hint: string;
  readonly advice: Advice;

  constructor(code: StorageCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = storageRemedies[code].hint;
    this.advice = storageRemedies[code].advice;
  }
}

interface Remedy {
  readonly advice: Advice;
  readonly hint: string;
}

const storageRemedies = {
  'storage-closed': { advice: GIVE_UP, hint: 'Open the storage again.' },
  'storage-locked': { advice: RETRY, hint: 'Another process holds the storage for long; end it or wait.' },
  'lock-lost': {
    advice: RETRY,
    hint: 'The process was paused for so long that another took over. Run the command again.',
  },
  'storage-damaged': { advice: ASK, hint: 'Restore the folder from a backup, or begin with an empty one.' },
  'storage-failed': { advice: ASK, hint: 'Check free space and permissions of the folder, then try again.' },
  'storage-secret-wrong': { advice: ASK, hint: 'Give the passphrase or key that the storage was made with.' },
  'storage-not-sealed': { advice: ASK, hint: 'Open it without a passphrase, or begin with an empty storage.' },
  'storage-sealed': { advice: ASK, hint: 'Open it with its passphrase or key: `sealedStorage`.' },
} as const satisfies Readonly<Record<string, Remedy>>;

/** A call that can't be done as things stand. */
export type UsageCode = keyof typeof usageRemedies;

const OUTBOX_PAUSE_MS = 1_000;

export class UsageError extends TeraChatError {
  override readonly name = 'UsageError';
  readonly code: UsageCode;
  readonly hint: string;
  readonly advice: Advice;

  constructor(code: UsageCode, message: string) {
    super(message);
    this.code = code;
    this.hint = usageRemedies[code].hint;
    this.advice = usageRemedies[code].advice;
  }
}

const usageRemedies = {
  'identity-missing': { advice: GIVE_UP, hint: 'Create an identity first.' },
  'identity-unfounded': { advice: RETRY, hint: 'Connect once while the relay can be reached; that finishes it.' },
  'malformed-backup': { advice: GIVE_UP, hint: 'Check that it is the right file, whole and unchanged.' },
  'wrong-passphrase': {
    advice: GIVE_UP,
    hint: 'Try again with the passphrase that it was made with; nobody can open it without.',
  },
  'identity-exists': { advice: GIVE_UP, hint: 'Use the identity that is there, or another storage.' },
  'malformed-admin-key': { advice: GIVE_UP, hint: 'Check that it is the right file, whole and unchanged.' },
  'not-a-registry': { advice: GIVE_UP, hint: 'Give the id of a registry chain.' },
  'not-an-account': { advice: GIVE_UP, hint: 'Give the id of an identity chain.' },
  'no-such-device': { advice: GIVE_UP, hint: 'Name a device that is in the account: its key, or how it is listed.' },
  'pairing-code-invalid': { advice: ASK, hint: 'Take the code as the new device shows it, whole.' },
  'pairing-swapped': { advice: ASK, hint: 'Begin again. If it stays, somebody is between the two devices.' },
  'pairing-expired': { advice: ASK, hint: 'Begin again on the new device, and take its new code.' },
  'recovery-code-missing': { advice: ASK, hint: 'Nothing is under way here: give the recovery code.' },
  'recovery-code-invalid': { advice: ASK, hint: 'Compare it letter by letter with what was written down.' },
  'recovery-code-unknown': {
    advice: GIVE_UP,
    hint: 'Another code has taken its place since, or this is another relay.',
  },
  'recovery-ended': { advice: ASK, hint: 'A device of the account cancelled it. Begin again with the code.' },
  'no-recovery': { advice: GIVE_UP, hint: 'No recovery is under way.' },
  'unknown-group': { advice: GIVE_UP, hint: 'Join the group first, or check its id.' },
  'not-a-group': { advice: GIVE_UP, hint: 'Give the id of a group chain.' },
  'not-joined': { advice: GIVE_UP, hint: 'Accept the invitation to this group first.' },
  'plain-group': { advice: GIVE_UP, hint: 'Only groups with MLS have keys: epochs, and attachments.' },
  'already-member': { advice: GIVE_UP, hint: 'Nothing is to be done: who is in is not invited again.' },
  'no-such-member': { advice: GIVE_UP, hint: 'Name an actor that is in the group.' },
  'no-shared-group': { advice: ASK, hint: 'Ask them for a token, or meet them in a group first.' },
  'not-invited': { advice: ASK, hint: 'Ask for a new invitation: the one that came does not fit this device.' },
  'commit-contended': { advice: RETRY, hint: 'Others change the group at the same time; try again.' },
  'commit-refused': { advice: RETRY, hint: 'Catch up with the group and try again.' },
  'append-contended': { advice: RETRY, hint: 'Others change the chain at the same time; try again.' },
  'unknown-pre-shared-key': {
    advice: ASK,
    hint: 'Get the key by a way of your own, and keep it in the session first.',
  },
  'too-many-pre-shared-keys': { advice: GIVE_UP, hint: 'Forget keys that no group needs any more.' },
  'epoch-unreadable': {
    advice: RETRY,
    hint: 'This device lost the thread of the group and is on its way back; try again.',
  },
  'resync-refused': {
    advice: ASK,
    hint: 'Ask an admin to remove this device and invite it again: the group lets it back in no other way.',
  },
  leaving: {
    advice: GIVE_UP,
    hint: 'Nothing more is to be done: the next member who is online takes this identity out.',
  },
  'group-reinitialised': { advice: GIVE_UP, hint: 'The group goes on as another one: catch up, and use that.' },
  'outbox-full': {
    advice: waitFor(OUTBOX_PAUSE_MS),
    hint: 'Wait until messages have left: `outboxRoom` resolves then.',
  },
  'message-cancelled': { advice: GIVE_UP, hint: 'The message was taken back before it left.' },
  'session-closed': { advice: GIVE_UP, hint: 'Connect again.' },
  'no-web-socket': {
    advice: GIVE_UP,
    hint: 'This platform has no WebSocket; pass one to connect as `webSocket`.',
  },
} as const satisfies Readonly<Record<string, Remedy>>;
