import {
  deviceAdded,
  deviceRenamed,
  deviceRevoked,
  encode,
  recoveryCancelled,
  recoverySet,
  SEED_BYTES,
  toBase64Url,
  type ChainId,
  type EventDefinition,
  type RevocationReason,
} from '../../core/index.ts';
import { fingerprintOf } from '../actor-name.ts';
import { ChainFollower, type ChainContext } from '../chain/chain-follower.ts';
import { ChainWriter, type Delivery } from '../chain/chain-writer.ts';
import { newEventId, type Signing } from '../chain/sign-event.ts';
import { sealEnvelope } from '../envelope.ts';
import { RelayProblem, UsageError } from '../errors.ts';
import type { CallOptions } from '../group/group.ts';
import type { Envelope } from '../inbox-envelopes.ts';
import { parseToken, type MailboxTokens } from '../mailbox-tokens.ts';
import { parseActor } from '../parse-actor.ts';
import { viewReach, type AccountReach } from './account-reach.ts';
import { viewAccount, type AccountView } from './account-view.ts';
import { awaitEnvelope } from './await-envelope.ts';
import { pairingCheck, pairingRequest, parseOffer, readAnswer } from './pairing-code.ts';
import { provePossession } from './possession.ts';
import { writeRecoveryCode } from './recovery-code.ts';

/** Between two questions to the relay. */
const LOOK_MS = 1_000;

export type AccountContext = ChainContext &
  Signing & {
    readonly tokens: MailboxTokens;
    /** Fetches the mailbox, and gives the envelopes that wait. */
    readonly envelopes: (signal: AbortSignal | undefined) => Promise<readonly Envelope[]>;
  };

/** A device that asks to be let in, and has proven its key. */
export interface PairingRequest {
  /** base64url */
  readonly device: string;
  readonly fingerprint: string;
  /** What it calls itself. */
  readonly name: string;
  /**
   * What the new device must show too (`ID15`). Where it shows another one, or none, somebody stands between the two: then
   * don't accept.
   */
  readonly check: string;
  /** Lets it in. */
  accept(options?: CallOptions): Promise<Delivery>;
}

/** Which entry of an account the groups are to know; all of them where it is not said. */
export interface ReachOptions extends CallOptions {
  readonly index?: number;
}

/** How long to wait is for the signal to say. */
export interface UntilReachedOptions extends ReachOptions {
  /** Called with what is missing, each time that it was looked at. */
  readonly onProgress?: (reach: AccountReach) => void;
}

/** A recovery key that was drawn here, and is nowhere else. */
export interface DrawnRecovery extends Delivery {
  /** To be written down: whoever has it can bring a device into the account. */
  readonly code: string;
  /** base64url */
  readonly key: string;
}

/** The account that an identity is a device of: who else acts for it, and how it is recovered. */
export class Account {
  /** Id of the identity chain, base64url. */
  readonly id: string;
  readonly #chain: ChainId;
  readonly #context: AccountContext;
  readonly #follower: ChainFollower;
  readonly #writer: ChainWriter;

  constructor(context: AccountContext, chain: ChainId) {
    this.id = toBase64Url(chain);
    this.#chain = chain;
    this.#context = context;
    this.#follower = new ChainFollower(context, chain);
    this.#writer = new ChainWriter(context, this.#follower);
  }

  /** The account as it stands, read from the relay and verified. A revoked device sees it as it was at its revocation. */
  async view({ signal }: CallOptions = {}): Promise<AccountView> {
    await this.#follower.catchUp(signal);
    return viewAccount(this.id, await this.#follower.known(signal), this.#context.signer.actor);
  }

  /**
   * Which groups that follow the account have yet to hear of an entry of it, such as a revocation, or of all that it holds. Rejects
   * with `not-found` to a device that is none any more.
   */
  async reach({ index, signal }: ReachOptions = {}): Promise<AccountReach> {
    const size = index === undefined ? undefined : index + 1;
    return viewReach(await this.#context.client.following(this.#chain, size, signal));
  }

  /** The same once all have heard of it (`NA13`). `onProgress` is called with what is missing until then. */
  async untilReached({ onProgress, ...options }: UntilReachedOptions = {}): Promise<AccountReach> {
    const { platform } = this.#context;
    for (;;) {
      const reach = await this.reach(options);
      if (reach.isComplete) return reach;
      onProgress?.(reach);
      await platform.delay(LOOK_MS, options.signal);
    }
  }

  /** Calls a device something else: 1 to 64 bytes without control characters (`ID4`). */
  rename(device: string, name: string, options: CallOptions = {}): Promise<Delivery> {
    return this.#append(deviceRenamed, { device: parseActor(device), name }, options);
  }

  /** Ends a device for good, also this one. The last one is refused as `last-device` where no recovery key stands (`ID7`). */
  revoke(
    device: string,
    { reason = 'other', ...options }: CallOptions & { readonly reason?: RevocationReason } = {},
  ): Promise<Delivery> {
    return this.#append(deviceRevoked, { device: parseActor(device), reason }, options);
  }

  /**
   * Draws a recovery key and sets it, in the place of an earlier one. Nothing of it is kept here: the code is the only copy.
   * `waitingMs` is how long a device can object to a recovery, up to 90 days.
   */
  async setRecovery({ waitingMs, ...options }: CallOptions & { readonly waitingMs: number }): Promise<DrawnRecovery> {
    const { platform } = this.#context;
    const seed = platform.randomBytes(SEED_BYTES);
    const code = writeRecoveryCode({ chain: this.#chain, seed });
    const signer = platform.makeSigner(seed);
    const eventId = newEventId(platform);
    const proof = await provePossession(signer, 'recovery', { chain: this.#chain, eventId });
    const recovery = { key: signer.actor, waitingMs, proof };
    const delivery = await this.#append(recoverySet, { recovery }, { ...options, eventId });
    return { ...delivery, code, key: toBase64Url(signer.actor) };
  }

  /** Takes the recovery key away: then nothing brings the account back once its last device is gone. */
  removeRecovery(options: CallOptions = {}): Promise<Delivery> {
    return this.#append(recoverySet, { recovery: undefined }, options);
  }

  /** Ends the recovery that is under way. Rejects with `no-recovery` where none is. */
  async cancelRecovery(options: CallOptions = {}): Promise<Delivery> {
    const pending = (await this.view(options)).recovery?.pending;
    if (pending === undefined) throw new UsageError('no-recovery', 'no recovery of this account is under way');
    return this.#append(recoveryCancelled, { index: pending.index }, options);
  }

  /**
   * Answers the code that a new device shows (`joinAccount` there), and waits for its proof. Nothing is changed before the
   * request is accepted. Rejects with `pairing-expired` where the code is too old or nobody answers.
   */
  async pair(code: string, { signal }: CallOptions = {}): Promise<PairingRequest> {
    const { device, token } = parseOffer(code);
    const { platform, signer, envelopes } = this.#context;
    const eventId = newEventId(platform);
    await this.#request({ device, token }, eventId, signal);
    const name = toBase64Url(device);
    const until = token.expiresAt;
    const answer = await awaitEnvelope({ fetch: envelopes, platform, until, signal }, ({ sender, content }) =>
      sender === name ? readAnswer(content, eventId) : undefined,
    );
    return {
      device: name,
      fingerprint: fingerprintOf(device),
      name: answer.name,
      check: pairingCheck({ chain: this.#chain, eventId, introducer: signer.actor, device }),
      accept: (options = {}) =>
        this.#append(deviceAdded, { device, name: answer.name, proof: answer.proof }, { ...options, eventId }),
    };
  }

  /** Tells the new device which account, and by which event, and lets it answer (`ID13`). */
  async #request(
    { device, token }: ReturnType<typeof parseOffer>,
    eventId: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { client, platform, signer, tokens } = this.#context;
    const lifetimeMs = token.expiresAt - platform.now();
    if (lifetimeMs <= 0) throw expired();
    const reply = parseToken(await tokens.issue({ bearer: toBase64Url(device), lifetimeMs, signal }));
    const content = encode(pairingRequest, { version: 1, chain: this.#chain, eventId, reply });
    const envelope = await sealEnvelope(content, { recipient: device, signer, now: platform.now() });
    await client
      .postEnvelope(device, { grant: { kind: 'token', value: token }, envelope }, signal)
      .catch((error: unknown) => {
        // Between this clock and the relay's.
        if (error instanceof RelayProblem && error.code === 'token-expired') throw expired();
        throw error;
      });
  }

  /** A proof is for one event id, which stays the same however often the event is signed anew. */
  async #append<Body>(
    definition: EventDefinition<Body>,
    body: Body,
    { signal, eventId }: CallOptions & { readonly eventId?: Uint8Array },
  ): Promise<Delivery> {
    const draft = { type: definition.type, body: definition.encodeBody(body) };
    const id = eventId ?? newEventId(this.#context.platform);
    return this.#writer.append({ ...draft, eventId: id }, this.#context, signal);
  }
}

function expired(): UsageError {
  return new UsageError('pairing-expired', 'this code is too old');
}
