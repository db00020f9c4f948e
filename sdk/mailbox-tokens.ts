import {
  DAY_MS,
  decode,
  encode,
  fromBase64Url,
  mailboxToken,
  mailboxTokenContent,
  toBase64Url,
  type MailboxToken,
} from '../core/index.ts';
import type { ActorSigner } from './actor-signer.ts';
import type { CallOptions } from './group/group.ts';
import { parseActor } from './parse-actor.ts';
import type { Platform } from './platform.ts';
import type { RelayClient } from './relay-client.ts';

const DEFAULT_LIFETIME_MS = 30 * DAY_MS;
/** Serials are drawn: whatever of this identity draws another, also from a restored storage, meets none again. */
const SERIAL_BYTES = 6;

/** How far a token goes. */
export interface MailboxTokenOptions extends CallOptions {
  /** Who may use it, base64url; whoever holds it where it is not given. */
  readonly bearer?: string;
  /** Envelopes that it lets in; 1 where it is not given. */
  readonly uses?: number;
  /** At most 90 days; 30 where it is not given. */
  readonly lifetimeMs?: number;
}

/** Leave for others to post envelopes to this identity, as text that can be handed on (`SE3`). */
export class MailboxTokens {
  readonly #client: RelayClient;
  readonly #platform: Platform;
  readonly #signer: ActorSigner;

  constructor({ client, platform }: { client: RelayClient; platform: Platform }, signer: ActorSigner) {
    this.#client = client;
    this.#platform = platform;
    this.#signer = signer;
  }

  async issue(options: MailboxTokenOptions = {}): Promise<string> {
    const { bearer, uses = 1, lifetimeMs = DEFAULT_LIFETIME_MS, signal } = options;
    const owner = this.#signer.actor;
    const { epoch } = await this.#client.revokeTokens(owner, { kind: 'epoch', value: { epoch: 0 } }, signal);
    const token = {
      owner,
      bearer: bearer === undefined ? undefined : parseActor(bearer),
      epoch,
      serial: numberOf(this.#platform.randomBytes(SERIAL_BYTES)),
      uses,
      expiresAt: this.#platform.now() + lifetimeMs,
    };
    const signature = await this.#signer.sign(mailboxTokenContent(token));
    return toBase64Url(encode(mailboxToken, { ...token, signature }));
  }

  async revoke(token: string, { signal }: CallOptions = {}): Promise<void> {
    const { serial } = parseToken(token);
    await this.#client.revokeTokens(this.#signer.actor, { kind: 'serial', value: { serial } }, signal);
  }

  /** Revokes every token that was issued so far. */
  async revokeAll({ signal }: CallOptions = {}): Promise<void> {
    const owner = this.#signer.actor;
    const { epoch } = await this.#client.revokeTokens(owner, { kind: 'epoch', value: { epoch: 0 } }, signal);
    await this.#client.revokeTokens(owner, { kind: 'epoch', value: { epoch: epoch + 1 } }, signal);
  }
}

/** Throws a TypeError for what is no token. */
export function parseToken(text: string): MailboxToken {
  const token = decode(mailboxToken, fromBase64Url(text) ?? new Uint8Array(0));
  if (!token.ok) throw new TypeError(`no mailbox token: ${text.slice(0, 12)}…`);
  return token.value;
}

function numberOf(bytes: Uint8Array): number {
  return bytes.reduce((number, byte) => number * 256 + byte, 0);
}
