import {
  accountFollowing,
  appendAnswer,
  appendRequest,
  claimOutcomes,
  commitBundle,
  decode,
  encode,
  entryPage,
  envelopePost,
  INVITATION_HEADER,
  isRelayInfo,
  keyPackageClaims,
  keyPackagePublication,
  keyPackageStock,
  mailboxAck,
  mailboxPage,
  registryAnswer,
  submission,
  ticketAnswer,
  toBase64Url,
  tokenRevocation,
  tokenState,
  bytesToUtf8,
  type AccountFollowing,
  type AppendAnswer,
  type ClaimOutcome,
  type Codec,
  type CommitBundle,
  type EntryPage,
  type EnvelopePost,
  type KeyPackageClaims,
  type KeyPackagePublication,
  type KeyPackageStock,
  type MailboxPage,
  type RegistryAnswer,
  type RelayInfo,
  type Submission,
  type TicketAnswer,
  type TokenRevocation,
  type TokenState,
} from '../core/index.ts';
import { UntrustedError } from './errors.ts';
import type { HttpClient, TransferRequest } from './http-client.ts';

/** The routes of a relay, in the protocol's own terms. Nothing that they answer is verified here beyond its encoding. */
export class RelayClient {
  readonly #http: HttpClient;
  readonly #invitation: string | undefined;

  /** `invitation` is the code that founding takes at some relays. */
  constructor(http: HttpClient, invitation?: string) {
    this.#http = http;
    this.#invitation = invitation;
  }

  /** Unsigned: it is asked before there is an identity. */
  async info(signal?: AbortSignal): Promise<RelayInfo> {
    const json: unknown = await this.#http.introduction('/v1/relay', signal);
    if (!isRelayInfo(json)) throw new UntrustedError('malformed-answer', '/v1/relay is not a description of a relay');
    return json;
  }

  async found(genesis: Submission, signal?: AbortSignal): Promise<AppendAnswer> {
    const headers = this.#invitation === undefined ? {} : { [INVITATION_HEADER]: this.#invitation };
    const body = encode(submission, genesis);
    return parse(
      '/v1/chains',
      appendAnswer,
      await this.#http.unsigned('POST', '/v1/chains', { body, signal, headers }),
    );
  }

  async append(chain: Uint8Array, submissions: readonly Submission[], signal?: AbortSignal): Promise<AppendAnswer> {
    return this.#post(chainPath(chain, 'events'), encode(appendRequest, { submissions }), appendAnswer, signal);
  }

  async commit(chain: Uint8Array, bundle: CommitBundle, signal?: AbortSignal): Promise<AppendAnswer> {
    return this.#post(chainPath(chain, 'commits'), encode(commitBundle, bundle), appendAnswer, signal);
  }

  async entries(chain: Uint8Array, range: EntryRange, signal?: AbortSignal): Promise<EntryPage> {
    const query = `?from=${range.from}&limit=${range.limit}`;
    return this.#signed('GET', `${chainPath(chain, 'entries')}${query}`, { codec: entryPage, signal });
  }

  /** Groups that have yet to import the first `size` entries of an account. */
  async following(account: Uint8Array, size: number | undefined, signal?: AbortSignal): Promise<AccountFollowing> {
    const query = size === undefined ? '' : `?size=${size}`;
    return this.#signed('GET', `${chainPath(account, 'following')}${query}`, { codec: accountFollowing, signal });
  }

  /** Raw bytes, to be compared with the hash that names them. */
  async payload(chain: Uint8Array, hash: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#http.signed('GET', chainPath(chain, `payloads/${toBase64Url(hash)}`), { signal });
  }

  /** The GroupInfo of the current epoch, raw, to be compared with the hash that the log names. */
  async groupInfo(chain: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#http.signed('GET', chainPath(chain, 'group-info'), { signal });
  }

  /** The content of a `ratchet_tree` extension, whose tree hash is for the caller to compare. */
  async tree(chain: Uint8Array, treeHash: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#http.signed('GET', chainPath(chain, `trees/${toBase64Url(treeHash)}`), { signal });
  }

  /** A C2SP tlog-proof of one entry under the newest checkpoint, as text. */
  async proof(chain: Uint8Array, index: number, signal?: AbortSignal): Promise<string> {
    const path = chainPath(chain, `log/proof/${index}`);
    const text = bytesToUtf8(await this.#http.signed('GET', path, { accept: 'text/plain', signal }));
    if (text === undefined) throw new UntrustedError('malformed-answer', `${path} is no text`);
    return text;
  }

  async chainTicket(chain: Uint8Array, signal?: AbortSignal): Promise<TicketAnswer> {
    return this.#signed('POST', chainPath(chain, 'stream'), { codec: ticketAnswer, signal });
  }

  /** `share` is where the ticket is good. */
  chainSocketUrl(chain: Uint8Array, share: number): string {
    return this.#http.socketUrl(chainPath(chain, share === 0 ? 'stream' : `stream?share=${share}`));
  }

  /** A request whose body or answer is too long to be held; the answer is a success. */
  async transfer(method: string, chain: Uint8Array, rest: string, request: TransferRequest): Promise<Response> {
    return this.#http.transfer(method, chainPath(chain, rest), request);
  }

  /** The registry that the deployment has pinned. Its state is the relay's word; the log proves it. */
  async registry(signal?: AbortSignal): Promise<RegistryAnswer> {
    return parse('/v1/registry', registryAnswer, await this.#http.unsigned('GET', '/v1/registry', { signal }));
  }

  async publishModule(body: Uint8Array, signal?: AbortSignal): Promise<AppendAnswer> {
    return this.#post('/v1/modules', body, appendAnswer, signal);
  }

  /** Raw bytes, to be compared with the hash that names them. */
  async module(hash: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    const path = `/v1/modules/${toBase64Url(hash)}`;
    return this.#http.unsigned('GET', path, { accept: 'application/wasm', signal });
  }

  async publishKeyPackages(
    device: Uint8Array,
    publication: KeyPackagePublication,
    signal?: AbortSignal,
  ): Promise<KeyPackageStock> {
    const body = encode(keyPackagePublication, publication);
    return this.#signed('PUT', devicePath(device, 'key-packages'), { body, codec: keyPackageStock, signal });
  }

  async keyPackageStock(device: Uint8Array, signal?: AbortSignal): Promise<KeyPackageStock> {
    return this.#signed('GET', devicePath(device, 'key-packages'), { codec: keyPackageStock, signal });
  }

  /** One outcome a device, in order. */
  async claimKeyPackages(
    chain: Uint8Array,
    claims: KeyPackageClaims,
    signal?: AbortSignal,
  ): Promise<readonly ClaimOutcome[]> {
    const body = encode(keyPackageClaims, claims);
    const path = chainPath(chain, 'claims');
    const { outcomes } = await this.#signed('POST', path, { body, codec: claimOutcomes, signal });
    if (outcomes.length === claims.devices.length) return outcomes;
    throw new UntrustedError('malformed-answer', `${path} answers for ${outcomes.length} of ${claims.devices.length}`);
  }

  async mailbox(device: Uint8Array, from: number, signal?: AbortSignal): Promise<MailboxPage> {
    return this.#signed('GET', `${devicePath(device, 'mailbox')}?from=${from}`, { codec: mailboxPage, signal });
  }

  async acknowledge(device: Uint8Array, upTo: number, signal?: AbortSignal): Promise<void> {
    await this.#http.signed('POST', devicePath(device, 'mailbox/ack'), { body: encode(mailboxAck, { upTo }), signal });
  }

  async postEnvelope(device: Uint8Array, post: EnvelopePost, signal?: AbortSignal): Promise<void> {
    await this.#http.signed('POST', devicePath(device, 'mailbox'), { body: encode(envelopePost, post), signal });
  }

  /** Raising the epoch to 0 changes nothing, and asks for the one that holds. */
  async revokeTokens(device: Uint8Array, revocation: TokenRevocation, signal?: AbortSignal): Promise<TokenState> {
    const body = encode(tokenRevocation, revocation);
    return this.#signed('POST', devicePath(device, 'mailbox/tokens'), { body, codec: tokenState, signal });
  }

  async setAside(device: Uint8Array, from: number, signal?: AbortSignal): Promise<MailboxPage> {
    return this.#signed('GET', `${devicePath(device, 'mailbox/set-aside')}?from=${from}`, {
      codec: mailboxPage,
      signal,
    });
  }

  async discardSetAside(device: Uint8Array, upTo: number, signal?: AbortSignal): Promise<void> {
    const body = encode(mailboxAck, { upTo });
    await this.#http.signed('POST', devicePath(device, 'mailbox/set-aside/ack'), { body, signal });
  }

  async mailboxTicket(device: Uint8Array, signal?: AbortSignal): Promise<TicketAnswer> {
    return this.#signed('POST', devicePath(device, 'mailbox/stream'), { codec: ticketAnswer, signal });
  }

  mailboxSocketUrl(device: Uint8Array): string {
    return this.#http.socketUrl(devicePath(device, 'mailbox/stream'));
  }

  async #post<T>(path: string, body: Uint8Array, codec: Codec<T>, signal: AbortSignal | undefined): Promise<T> {
    return parse(path, codec, await this.#http.unsigned('POST', path, { body, signal }));
  }

  async #signed<T>(
    method: string,
    path: string,
    { codec, body, signal }: { codec: Codec<T>; body?: Uint8Array; signal: AbortSignal | undefined },
  ): Promise<T> {
    return parse(path, codec, await this.#http.signed(method, path, { ...(body && { body }), signal }));
  }
}

export interface EntryRange {
  readonly from: number;
  readonly limit: number;
}

function chainPath(chain: Uint8Array, rest: string): string {
  return `/v1/chains/${toBase64Url(chain)}/${rest}`;
}

function devicePath(device: Uint8Array, rest: string): string {
  return `/v1/devices/${toBase64Url(device)}/${rest}`;
}

function parse<T>(path: string, codec: Codec<T>, bytes: Uint8Array): T {
  const parsed = decode(codec, bytes);
  if (parsed.ok) return parsed.value;
  throw new UntrustedError('malformed-answer', `the answer of ${path} is ${parsed.error.reason}`);
}
