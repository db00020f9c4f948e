/**
 * An MLS client that knows this project by its specification alone: node:crypto, fetch, the byte layouts of docs/spec, and
 * an MLS library behind its public entry. It imports nothing of core or SDK, signs leaves with its own actor's key, and puts
 * into its credential what it likes (`ML7`).
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  sign as signRaw,
  type KeyObject,
} from 'node:crypto';
import {
  acceptAll,
  createApplicationMessage,
  createCommit,
  createGroup,
  createGroupInfoWithExternalPubAndRatchetTree,
  decodeMlsMessage,
  emptyPskIndex,
  encodeMlsMessage,
  generateKeyPackageWithKey,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  joinGroup,
  processMessage,
  type CiphersuiteImpl,
  type ClientState,
  type KeyPackage,
  type PrivateKeyPackage,
  type Proposal,
} from 'ts-mls';

const SUITE = 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519';
const TYPE = { genesis: 0x0001, created: 0x0201, commit: 0x0202, message: 0x0204 } as const;
const MEDIA_TYPE = 'application/vnd.terachat.v1+tls';
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const NOTHING = Buffer.alloc(0);

const sha256 = (...parts: readonly Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const uint = (value: number, bytes: number): Buffer => {
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE(BigInt(value));
  return out.subarray(8 - bytes);
};

/** `opaque x<V>` and `T x<V>` of RFC 9420 §2.1.2, of items that are encoded already. */
function vector(...items: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(items);
  const { length } = content;
  if (length < 0x40) return Buffer.concat([uint(length, 1), content]);
  if (length < 0x4000) return Buffer.concat([uint(length | 0x4000, 2), content]);
  return Buffer.concat([uint(length + 0x8000_0000, 4), content]);
}

/** Reads what `vector` and `uint` write. */
class Reader {
  #at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  take(count: number): Buffer {
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  uint(bytes: number): number {
    return this.take(bytes).reduce((value, byte) => value * 256 + byte, 0);
  }

  vector(): Buffer {
    const first = this.uint(1);
    const more = (1 << (first >> 6)) - 1;
    return this.take((first & 0x3f) * 256 ** more + this.uint(more));
  }
}

export interface ForeignEntry {
  readonly type: number;
  readonly actor: Buffer;
  readonly payload: Buffer | undefined;
}

export class ForeignClient {
  readonly actor: Buffer;
  readonly #relay: string;
  readonly #seed: Buffer;
  readonly #key: KeyObject;
  readonly #suite: CiphersuiteImpl;
  readonly #name: string;
  #chain: Buffer = NOTHING;
  #seen: { readonly index: number; readonly hash: Buffer } = { index: 0, hash: Buffer.alloc(32) };
  #own: { publicPackage: KeyPackage; privatePackage: PrivateKeyPackage } | undefined;
  #state: ClientState | undefined;

  private constructor(relay: string, name: string, suite: CiphersuiteImpl) {
    this.#relay = relay;
    this.#name = name;
    this.#suite = suite;
    this.#seed = randomBytes(32);
    this.#key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, this.#seed]), format: 'der', type: 'pkcs8' });
    this.actor = createPublicKey(this.#key).export({ format: 'der', type: 'spki' }).subarray(-32);
  }

  static async at(relay: string, name: string): Promise<ForeignClient> {
    return new ForeignClient(relay, name, await getCiphersuiteImpl(getCiphersuiteFromName(SUITE)));
  }

  get chain(): string {
    return this.#chain.toString('base64url');
  }

  get epoch(): number {
    return Number(this.#mls.groupContext.epoch);
  }

  /** Founds a group where credentials are unbound and `authenticated_data` is left open; gives its genesis body back. */
  async found(): Promise<void> {
    const info = (await (await fetch(new URL('/v1/relay', this.#relay))).json()) as Record<string, string>;
    const successor = [vector(this.actor), uint(1, 1)];
    // Private, 30 days, a group: MLS, public handshakes, unbound credentials, optional authenticated data.
    const kind = [uint(0, 1), uint(30 * 86_400_000, 8), uint(2, 1), uint(1, 1), uint(0, 1), uint(1, 1), uint(1, 1)];
    const name = vector(Buffer.from(info['name'] ?? ''));
    const checkpointKey = Buffer.from(info['checkpointKey'] ?? '', 'base64url');
    const body = Buffer.concat([randomBytes(32), name, checkpointKey, ...successor, ...kind]);
    const genesis = this.#sign(TYPE.genesis, body);
    const response = await this.#send('POST', '/v1/chains', Buffer.concat([genesis.bytes, uint(0, 1)]), {});
    this.#chain = Buffer.from(response.headers.get('location')?.split('/').at(-1) ?? '', 'base64url');
    this.#advance(genesis, await bytesOf(response));
    await this.#createMls();
  }

  async publishKeyPackage(): Promise<void> {
    this.#own = await this.#drawKeyPackage();
    const message = encodeMlsMessage({
      version: 'mls10',
      wireformat: 'mls_key_package',
      keyPackage: this.#own.publicPackage,
    });
    await this.#signed('PUT', `${this.#device}/key-packages`, Buffer.concat([uint(0, 1), vector(vector(message))]));
  }

  async add(actor: Uint8Array): Promise<void> {
    const claims = Buffer.concat([uint(1, 2), vector(actor)]);
    const answer = new Reader(await this.#signed('POST', `${this.#path}/claims`, claims));
    const outcome = new Reader(answer.vector());
    if (outcome.uint(1) !== 1) throw new Error('nothing to claim');
    const [ref, message, token] = [outcome.take(32), outcome.vector(), outcome.take(136)];
    const decoded = decodeMlsMessage(message, 0)?.[0];
    if (decoded?.wireformat !== 'mls_key_package') throw new Error('no KeyPackage');
    const proposal: Proposal = { proposalType: 'add', add: { keyPackage: decoded.keyPackage } };
    const welcomed = vector(actor, ref);
    await this.#commit([proposal], { welcomed, added: vector(actor, uint(2, 1)), tokens: vector(token) });
  }

  async remove(leafIndex: number, actor: Uint8Array): Promise<void> {
    const proposal: Proposal = { proposalType: 'remove', remove: { removed: leafIndex } };
    await this.#commit([proposal], { removed: vector(actor) });
  }

  rotate(): Promise<void> {
    return this.#commit([], {});
  }

  async say(text: string): Promise<void> {
    const { newState, privateMessage } = await createApplicationMessage(this.#mls, Buffer.from(text), this.#suite);
    const message = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_private_message', privateMessage });
    const body = Buffer.concat([uint(this.epoch, 8), uint(0, 2), sha256(message), uint(message.length, 4)]);
    const event = this.#sign(TYPE.message, body);
    const submission = Buffer.concat([event.bytes, uint(1, 1), vector(message)]);
    this.#advance(event, await this.#post(`${this.#path}/events`, vector(submission)));
    this.#state = newState;
  }

  /** The Welcome that waits, or undefined. */
  async join(): Promise<boolean> {
    const items = new Reader(new Reader(await this.#signed('GET', `${this.#device}/mailbox`)).vector());
    while (!items.isAtEnd) {
      const [, kind, chain] = [items.uint(8), items.uint(1), items.take(32)];
      const [index, , content] = [items.uint(8), items.uint(8), items.vector()];
      if (kind !== 1 || this.#own === undefined) continue;
      const decoded = decodeMlsMessage(content, 0)?.[0];
      if (decoded?.wireformat !== 'mls_welcome') throw new Error('no Welcome');
      const { publicPackage, privatePackage } = this.#own;
      this.#state = await joinGroup(decoded.welcome, publicPackage, privatePackage, emptyPskIndex, this.#suite);
      this.#chain = Buffer.from(chain);
      // What came before is read for its hashes, and not for its keys.
      for (const entry of await this.#entries(0)) if (entry.index <= index) this.#see(entry);
      return true;
    }
    return false;
  }

  /** Reads what is new, follows commits of others, and gives what they said. */
  async read(): Promise<string[]> {
    const texts: string[] = [];
    for (const entry of await this.#entries(this.#seen.index + 1)) {
      this.#see(entry);
      if (entry.actor.equals(this.actor) || entry.payload === undefined) continue;
      const decoded = decodeMlsMessage(Buffer.from(entry.payload), 0)?.[0];
      if (decoded?.wireformat !== 'mls_private_message' && decoded?.wireformat !== 'mls_public_message') continue;
      const result = await processMessage(decoded, this.#mls, emptyPskIndex, acceptAll, this.#suite);
      this.#state = result.newState;
      if (result.kind === 'applicationMessage') texts.push(Buffer.from(result.message).toString());
    }
    return texts;
  }

  get #mls(): ClientState {
    if (this.#state === undefined) throw new Error('in no group yet');
    return this.#state;
  }

  get #device(): string {
    return `/v1/devices/${this.actor.toString('base64url')}`;
  }

  get #path(): string {
    return `/v1/chains/${this.chain}`;
  }

  #drawKeyPackage() {
    const seconds = BigInt(Math.floor(Date.now() / 1000));
    return generateKeyPackageWithKey(
      { credentialType: 'basic', identity: Buffer.from(this.#name) },
      { versions: ['mls10'], ciphersuites: [SUITE], extensions: [], proposals: [], credentials: ['basic', 'x509'] },
      { notBefore: seconds - 3_600n, notAfter: seconds + 30n * 86_400n },
      [],
      { signKey: this.#seed, publicKey: this.actor },
      this.#suite,
    );
  }

  async #createMls(): Promise<void> {
    const { publicPackage, privatePackage } = await this.#drawKeyPackage();
    this.#state = await createGroup(this.#chain, publicPackage, privatePackage, [], this.#suite);
    const groupInfo = await this.#groupInfo(this.#state);
    const named = [sha256(groupInfo), uint(groupInfo.length, 4), this.#state.groupContext.treeHash];
    const event = this.#sign(TYPE.created, Buffer.concat([uint(1, 2), ...named]));
    const bundle = [event.bytes, vector(), vector(), vector(groupInfo), vector()];
    this.#advance(event, await this.#post(`${this.#path}/commits`, Buffer.concat(bundle)));
  }

  async #commit(
    extraProposals: Proposal[],
    { welcomed = vector(), added = vector(), removed = vector(), tokens = vector() },
  ): Promise<void> {
    const context = { state: this.#mls, cipherSuite: this.#suite };
    const options = { wireAsPublicMessage: true, ratchetTreeExtension: true, extraProposals };
    const made = await createCommit(context, options);
    const commit = encodeMlsMessage(made.commit);
    const welcome = made.welcome && ({ version: 'mls10', wireformat: 'mls_welcome', welcome: made.welcome } as const);
    const groupInfo = await this.#groupInfo(made.newState);
    const { treeHash } = made.newState.groupContext;
    const named = [sha256(commit), uint(commit.length, 4), sha256(groupInfo), uint(groupInfo.length, 4), treeHash];
    const body = Buffer.concat([uint(this.epoch, 8), ...named, welcomed, added, removed]);
    const event = this.#sign(TYPE.commit, body);
    const parts = [vector(commit), vector(welcome ? encodeMlsMessage(welcome) : NOTHING), vector(groupInfo), tokens];
    this.#advance(event, await this.#post(`${this.#path}/commits`, Buffer.concat([event.bytes, ...parts])));
    this.#state = made.newState;
  }

  async #groupInfo(state: ClientState): Promise<Uint8Array> {
    const groupInfo = await createGroupInfoWithExternalPubAndRatchetTree(state, [], this.#suite);
    return encodeMlsMessage({ version: 'mls10', wireformat: 'mls_group_info', groupInfo });
  }

  /** `event<V>` and signature, as every body that carries an event begins. */
  #sign(type: number, body: Uint8Array) {
    const { index, hash } = this.#seen;
    const seen = [vector(this.#chain), uint(index, 8), hash];
    const who = [this.actor, uint(Date.now(), 8), randomBytes(16), uint(type, 2)];
    const event = Buffer.concat([uint(1, 2), ...seen, ...who, vector(body)]);
    const content = Buffer.concat([vector(Buffer.from('TeraChat Event v1')), vector(event)]);
    const signature = signRaw(null, content, this.#key);
    return { event, signature, bytes: Buffer.concat([vector(event), signature]) };
  }

  /** Takes in where the relay put an event that went alone. */
  #advance({ event, signature }: { event: Buffer; signature: Buffer }, answer: Uint8Array): void {
    const outcome = new Reader(new Reader(answer).vector());
    if (outcome.uint(1) !== 1) throw new Error('refused');
    const [index, relayTime, prev] = [outcome.uint(8), outcome.uint(8), outcome.take(32)];
    const entry = Buffer.concat([uint(index, 8), prev, uint(relayTime, 8), vector(event), signature]);
    this.#see({ index, bytes: entry });
  }

  #see({ index, bytes }: { readonly index: number; readonly bytes: Buffer }): void {
    // The leaf of RFC 9162 §2.1.1.
    this.#seen = { index, hash: sha256(uint(0, 1), bytes) };
  }

  async #entries(from: number): Promise<(ForeignEntry & { index: number; bytes: Buffer })[]> {
    const page = new Reader(await this.#signed('GET', `${this.#path}/entries?from=${from}&limit=100`));
    const entries = new Reader(page.vector());
    const found: (ForeignEntry & { index: number; bytes: Buffer })[] = [];
    while (!entries.isAtEnd) {
      const bytes = entries.vector();
      const payload = entries.uint(1) === 1 ? entries.vector() : undefined;
      const entry = new Reader(bytes);
      const [index, , , event] = [entry.uint(8), entry.take(32), entry.uint(8), new Reader(entry.vector())];
      const [, , , , actor] = [event.uint(2), event.vector(), event.uint(8), event.take(32), event.take(32)];
      const [, , type] = [event.uint(8), event.take(16), event.uint(2)];
      found.push({ index, bytes, type, actor, payload });
    }
    return found;
  }

  async #post(path: string, body: Buffer): Promise<Buffer> {
    return bytesOf(await this.#send('POST', path, body, {}));
  }

  /** RFC 9421, with the components that the relay asks for. */
  async #signed(method: string, path: string, body?: Buffer): Promise<Buffer> {
    const url = new URL(path, this.#relay);
    const created = Math.floor(Date.now() / 1000);
    const digest = `sha-256=:${sha256(body ?? NOTHING).toString('base64')}:`;
    const nonce = randomBytes(16).toString('base64url');
    const keyid = this.actor.toString('base64url');
    const covered = '("@method" "@authority" "@path" "@query" "content-digest")';
    const parameters = `${covered};created=${created};expires=${created + 60};nonce="${nonce}";alg="ed25519";keyid="${keyid}"`;
    const base = [
      `"@method": ${method}`,
      `"@authority": ${url.host}`,
      `"@path": ${url.pathname}`,
      `"@query": ${url.search === '' ? '?' : url.search}`,
      `"content-digest": ${digest}`,
      `"@signature-params": ${parameters}`,
    ].join('\n');
    const signature = signRaw(null, Buffer.from(base), this.#key).toString('base64');
    const headers = {
      'content-digest': digest,
      'signature-input': `terachat=${parameters}`,
      signature: `terachat=:${signature}:`,
    };
    return bytesOf(await this.#send(method, path, body, headers));
  }

  async #send(method: string, path: string, body: Buffer | undefined, headers: Record<string, string>) {
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': MEDIA_TYPE };
    const response = await fetch(new URL(path, this.#relay), {
      method,
      headers: { ...headers, ...type },
      ...(body && { body: new Uint8Array(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    return response;
  }
}

async function bytesOf(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer());
}
