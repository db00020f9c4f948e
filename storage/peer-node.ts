import { appendSignature, createSignature, type RequestDescriptor } from 'http-message-sig';
import {
  decode,
  digestField,
  err,
  EXPIRES_AT_HEADER,
  MEDIA_TYPE,
  objectPage,
  ok,
  parseDigestField,
  REQUEST_NONCE_BYTES,
  REQUEST_SIGNATURE_LABEL,
  requestSignatureParameters,
  sha256,
  SHARDS_PATH,
  SIGNED_COMPONENTS,
  type ObjectKey,
} from '../core/index.ts';
import type {
  ByteRange,
  KeptObject,
  ListPage,
  ListRequest,
  NodeResult,
  ObjectToKeep,
  StorageNode,
} from '../relay/index.ts';
import { checkKept, checkPage, CORRUPT, parseTime, refusePut, unavailable } from './checks.ts';
import { announcedSize, exchange, type NodeAnswer } from './exchange.ts';
import { secureUrl, timeoutOf, type NodeOptions } from './node-options.ts';
import { peerFault } from './peer-answers.ts';

export interface PeerNodeOptions extends NodeOptions {
  /** Of the other operator's shard node, such as https://shards.example. */
  readonly origin: string;
  readonly signer: RelaySigner;
  /** So many bytes that nobody can foretell. */
  readonly randomBytes: (length: number) => Uint8Array;
}

/** The relay's own key at its peers, which their operators list. */
export interface RelaySigner {
  /** Ed25519 public key, 32 bytes. */
  readonly actor: Uint8Array;
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

interface PeerRequest {
  readonly method: string;
  /** With its query. Everything that decides what the request means is here or in the body, since that is signed. */
  readonly path: string;
  readonly body?: { readonly bytes: Uint8Array; readonly sha256: Uint8Array };
}

const NO_BODY = digestField(sha256(new Uint8Array()));

/** A shard node that another operator runs, by signed requests over HTTPS (`SN12`). */
export class PeerNode implements StorageNode {
  readonly #origin: string;
  readonly #options: PeerNodeOptions;

  /** Throws a TypeError for an origin that is no secure address. */
  constructor(options: PeerNodeOptions) {
    this.#origin = secureUrl(options.origin).origin;
    this.#options = options;
  }

  async put(key: ObjectKey, object: ObjectToKeep): Promise<NodeResult<void>> {
    const fault = refusePut(object, this.#options.clock());
    if (fault !== undefined) return err(fault);
    const path = `${pathOf(key)}?expires-at=${object.expiresAt}`;
    // What is signed is the hash that the caller expects, and the node compares the bytes with it.
    return this.#write({ method: 'PUT', path, body: object });
  }

  async get(key: ObjectKey): Promise<NodeResult<Uint8Array>> {
    const answer = await this.#answer({ method: 'GET', path: pathOf(key) });
    if (!answer.ok) return answer;
    const { body } = answer.value;
    const kept = this.#check(answer.value, body.length);
    return kept.ok ? ok(body) : kept;
  }

  async getRange(key: ObjectKey, { offset, length }: ByteRange): Promise<NodeResult<Uint8Array>> {
    const answer = await this.#answer({ method: 'GET', path: `${pathOf(key)}?offset=${offset}&length=${length}` });
    if (!answer.ok) return answer;
    const { body } = answer.value;
    const kept = this.#check(answer.value, body.length);
    if (!kept.ok) return kept;
    return body.length === length ? ok(body) : err(CORRUPT);
  }

  async head(key: ObjectKey): Promise<NodeResult<KeptObject>> {
    const answer = await this.#send({ method: 'HEAD', path: pathOf(key) });
    if (!answer.ok) return answer;
    if (answer.value.status === 200) return this.#check(answer.value, announcedSize(answer.value));
    // A HEAD has no body that could say what is wrong; one byte's worth of GET has.
    const reason = await this.#answer({ method: 'GET', path: `${pathOf(key)}?offset=0&length=1` });
    return reason.ok ? err(unavailable('bad-answer')) : reason;
  }

  async delete(key: ObjectKey): Promise<NodeResult<void>> {
    return this.#write({ method: 'DELETE', path: pathOf(key) });
  }

  async list(asked: ListRequest): Promise<NodeResult<ListPage>> {
    const { after, limit } = asked;
    const from = after === undefined ? '' : `&after=${encodeURIComponent(after)}`;
    const answer = await this.#answer({ method: 'GET', path: `${SHARDS_PATH}?limit=${limit}${from}` });
    if (!answer.ok) return answer;
    const page = decode(objectPage, answer.value.body);
    if (!page.ok) return err(unavailable('bad-answer'));
    const { objects, next } = page.value;
    return checkPage(asked, objects, next === '' ? undefined : next);
  }

  /** A success, or the fault that the problem names. */
  async #answer(request: PeerRequest): Promise<NodeResult<NodeAnswer>> {
    const answer = await this.#send(request);
    return answer.ok && answer.value.status !== 200 ? err(peerFault(answer.value)) : answer;
  }

  async #write(request: PeerRequest): Promise<NodeResult<void>> {
    const answer = await this.#send(request);
    if (!answer.ok) return answer;
    return answer.value.status === 204 ? ok(undefined) : err(peerFault(answer.value));
  }

  #send(request: PeerRequest): Promise<NodeResult<NodeAnswer>> {
    return exchange(() => this.#sign(request), timeoutOf(this.#options));
  }

  async #sign({ method, path, body }: PeerRequest): Promise<Request> {
    const { signer, clock, randomBytes } = this.#options;
    const url = this.#origin + path;
    const digest = body === undefined ? NO_BODY : digestField(body.sha256);
    const message: RequestDescriptor = {
      kind: 'request',
      method,
      targetUri: url,
      fields: [{ name: 'content-digest', value: digest }],
    };
    const signature = await createSignature(message, {
      label: REQUEST_SIGNATURE_LABEL,
      components: SIGNED_COMPONENTS,
      parameters: requestSignatureParameters(signer.actor, clock(), randomBytes(REQUEST_NONCE_BYTES)),
      signer: { algorithm: 'ed25519', sign: (data) => signer.sign(data) },
    });
    const headers = appendSignature(new Headers({ 'content-digest': digest }), signature);
    if (body === undefined) return new Request(url, { method, headers });
    headers.set('content-type', MEDIA_TYPE);
    return new Request(url, { method, headers, body: body.bytes as Uint8Array<ArrayBuffer> });
  }

  #check({ headers }: NodeAnswer, size: number): NodeResult<KeptObject> {
    const hash = parseDigestField(headers.get('repr-digest'));
    const expiresAt = parseTime(headers.get(EXPIRES_AT_HEADER));
    // A shard node says both of whatever it answers: this is some other server.
    if (hash === undefined || expiresAt === undefined) return err(unavailable('bad-answer'));
    return checkKept({ size, sha256: hash, expiresAt }, this.#options.clock());
  }
}

function pathOf(key: ObjectKey): string {
  return `${SHARDS_PATH}/${key}`;
}
