import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect } from 'vitest';
import {
  claimedKeyPackage,
  decodeTrusted,
  encode,
  envelopePost,
  keyPackagePublication,
  type KeyPackagePublication,
  keyPackageStock,
  mailboxAck,
  mailboxDownFrame,
  mailboxPage,
  mailboxTokenContent,
  mailboxUpFrame,
  parseActorKey,
  signEd25519,
  ticketAnswer,
  toBase64Url,
  tokenRevocation,
  tokenState,
  type ClaimedKeyPackage,
  type EnvelopePost,
  type KeyPackageStock,
  type SuiteStock,
  type MailboxDownFrame,
  type MailboxItem,
  type MailboxPage,
  type MailboxToken,
  type MailboxUpFrame,
  type TokenRevocation,
} from '../../../core/index.ts';
import { DEFAULT_SUITE } from '../../../core/mls/index.ts';
import type { ChainObject, DeviceObject, RelayEnvironment } from '../../../durable-objects/index.ts';
import type { Answer, MailDelivery } from '../../../relay/index.ts';
import { createMlsIdentity, newKeyPackage, type MlsIdentity } from '../../../sdk/mls/index.ts';
import { TestActor } from '../../support/test-actor.ts';
import { bytesFor } from '../bytes-for.ts';
import { callerOf, T0, valueOf } from '../chain/test-chain.ts';
import { SocketPeer } from '../socket-peer.ts';

export const ORIGIN = 'https://app.example';

type DeliveryReply = Awaited<ReturnType<DeviceObject['deliver']>>;

export type MailboxPeer = SocketPeer<MailboxUpFrame, MailboxDownFrame>;

let nextDevice = 0;

/** The MLS identity of an actor, with a binding that its key made or, on demand, another's. */
export function mlsIdentityOf(actor: TestActor, signer = actor): Promise<MlsIdentity> {
  const key = parseActorKey(actor.key);
  if (key === undefined) throw new Error('a test actor has a proper key');
  return createMlsIdentity({ actor: key, sign: (message) => signEd25519(signer.seed, message) });
}

export function welcomeFor(index: number, content = bytesFor('welcome', index, 200), chain = 1): MailDelivery {
  return { kind: 'welcome', chain: bytesFor('chain', chain, 32), index, content };
}

export function poke(chain: number, index: number): MailDelivery {
  return { kind: 'poke', chain: bytesFor('chain', chain, 32), index, content: new Uint8Array() };
}

/** The real object of an actor that no other test has used, at a fixed time. */
export class TestDevice {
  readonly owner: TestActor;
  readonly stub: DurableObjectStub<DeviceObject>;
  readonly identity: MlsIdentity;

  constructor(owner: TestActor, identity: MlsIdentity) {
    this.owner = owner;
    this.identity = identity;
    this.stub = (env as unknown as RelayEnvironment).DEVICE.getByName(toBase64Url(owner.key));
  }

  /** One that the relay has never heard of. */
  static async of(owner = new TestActor(`device ${nextDevice++}`)): Promise<TestDevice> {
    const device = new TestDevice(owner, await mlsIdentityOf(owner));
    await device.setClock(T0);
    return device;
  }

  /** One whose owner has asked for something. */
  static async opened(): Promise<TestDevice> {
    const device = await TestDevice.of();
    await device.stock();
    return device;
  }

  /** The platform's RPC types turn a refusal's details into never; the object's own say what comes back. */
  get object(): DeviceObject {
    return this.stub as unknown as DeviceObject;
  }

  async setClock(time: number): Promise<void> {
    await runInDurableObject(this.stub, (instance) => {
      instance.clock = () => time;
    });
  }

  /** Names of the tables that the object has made. */
  tables(): Promise<string[]> {
    const query = `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'`;
    return runInDurableObject(this.stub, (_, { storage }) =>
      [...storage.sql.exec(query).raw<[string]>()].map(([name]) => name),
    );
  }

  countRows(table: string): Promise<number> {
    return runInDurableObject(this.stub, (_, { storage }) =>
      Number(storage.sql.exec(`SELECT count(*) AS n FROM ${table}`).one()['n']),
    );
  }

  /** Lets due jobs run until a table has so many rows; the alarm may have gone off by itself. */
  async untilRows(table: string, count: number): Promise<void> {
    await runDurableObjectAlarm(this.stub);
    await expect.poll(() => this.countRows(table)).toBe(count);
  }

  async keyPackages(count: number, options: { lastResort?: boolean; nowMs?: number } = {}): Promise<Uint8Array[]> {
    const request = { nowMs: T0, ...options };
    const made = Array.from({ length: count }, () => newKeyPackage(this.identity, request));
    return (await Promise.all(made)).map(({ message }) => message);
  }

  publish(...keyPackages: readonly Uint8Array[]): Promise<Answer> {
    return this.#publish({ mode: 'add', keyPackages });
  }

  replace(...keyPackages: readonly Uint8Array[]): Promise<Answer> {
    return this.#publish({ mode: 'replace', keyPackages });
  }

  #publish(publication: KeyPackagePublication): Promise<Answer> {
    return this.object.publish(callerOf(this.owner), this.owner.key, encode(keyPackagePublication, publication));
  }

  /** Of the default suite. */
  async stock(): Promise<Omit<SuiteStock, 'ciphersuite'>> {
    const { suites } = await this.stockOfAll();
    const { available = 0, lastResort = 0 } = suites.find(({ ciphersuite }) => ciphersuite === DEFAULT_SUITE.id) ?? {};
    return { available, lastResort };
  }

  async stockOfAll(): Promise<KeyPackageStock> {
    return decodeTrusted(keyPackageStock, valueOf(await this.object.stock(callerOf(this.owner), this.owner.key)));
  }

  claim(claimer: TestActor, chain: Uint8Array, ciphersuite = DEFAULT_SUITE.id): Promise<Answer> {
    const object = (env as unknown as RelayEnvironment).CHAIN.getByName(toBase64Url(chain)) as unknown as ChainObject;
    return object.claimOne(callerOf(claimer), this.owner.key, ciphersuite);
  }

  /** By the chain, which asks this device among others. */
  async page(from = 0): Promise<MailboxPage> {
    return decodeTrusted(mailboxPage, valueOf(await this.object.mailbox(callerOf(this.owner), this.owner.key, from)));
  }

  async items(from = 0): Promise<readonly MailboxItem[]> {
    return (await this.page(from)).items;
  }

  ack(upTo: number): Promise<Answer> {
    return this.object.ack(callerOf(this.owner), this.owner.key, encode(mailboxAck, { upTo }));
  }

  async setAside(from = 0): Promise<MailboxPage> {
    return decodeTrusted(mailboxPage, valueOf(await this.object.setAside(callerOf(this.owner), this.owner.key, from)));
  }

  discard(upTo: number): Promise<Answer> {
    return this.object.discard(callerOf(this.owner), this.owner.key, encode(mailboxAck, { upTo }));
  }

  /** A token of the owner's, good for one envelope for an hour by anyone, but for what `over` says. */
  token(over: Partial<MailboxToken> = {}, signer = this.owner): MailboxToken {
    const said = { owner: this.owner.key, bearer: undefined, epoch: 0, serial: 1, uses: 1, expiresAt: T0 + 3_600_000 };
    const token = { ...said, signature: new Uint8Array(64), ...over };
    return { ...token, signature: over.signature ?? signEd25519(signer.seed, mailboxTokenContent(token)) };
  }

  post(sender: TestActor, grant: EnvelopePost['grant'], envelope: Uint8Array): Promise<Answer> {
    return this.object.post(callerOf(sender), this.owner.key, encode(envelopePost, { grant, envelope }));
  }

  postByChain(sender: TestActor, chain: Uint8Array, envelope: Uint8Array): Promise<Answer> {
    return this.post(sender, { kind: 'chain', value: { chain } }, envelope);
  }

  postByToken(sender: TestActor, token: MailboxToken, envelope: Uint8Array): Promise<Answer> {
    return this.post(sender, { kind: 'token', value: token }, envelope);
  }

  /** Revokes, and gives the epoch that holds then. */
  async revoke(revocation: TokenRevocation, caller = this.owner): Promise<number> {
    const body = encode(tokenRevocation, revocation);
    const answer = await this.object.revokeTokens(callerOf(caller), this.owner.key, body);
    return decodeTrusted(tokenState, valueOf(answer)).epoch;
  }

  /** Delivers in order, in one call into the object; gives what the object answered to each. */
  deliver(...deliveries: readonly MailDelivery[]): Promise<DeliveryReply[]> {
    return runInDurableObject(this.stub, async (instance) => {
      const answers: DeliveryReply[] = [];
      for (const delivery of deliveries) answers.push(await instance.deliver(delivery));
      return answers;
    });
  }

  async ticket(origin = ORIGIN): Promise<Uint8Array> {
    const answer = await this.object.ticket(callerOf(this.owner), this.owner.key, origin);
    return decodeTrusted(ticketAnswer, valueOf(answer)).ticket;
  }

  handshake(origin = ORIGIN): Promise<Response> {
    return this.stub.fetch('https://relay/stream', { headers: { upgrade: 'websocket', origin } });
  }

  async connect(origin = ORIGIN): Promise<MailboxPeer> {
    const { webSocket } = await this.handshake(origin);
    return new SocketPeer(webSocket as WebSocket, mailboxUpFrame, mailboxDownFrame);
  }

  /** A socket that has caught up from the cursor. */
  async subscribe(cursor = 0): Promise<MailboxPeer> {
    const ticket = await this.ticket();
    const peer = await this.connect();
    peer.send({ kind: 'open', value: { ticket, cursor } });
    await peer.until(({ kind }) => kind === 'caughtUp');
    return peer;
  }
}

export function claimedOf(answer: Answer): ClaimedKeyPackage {
  return decodeTrusted(claimedKeyPackage, valueOf(answer));
}

export function codeOf(answer: Answer): string {
  return answer.ok ? 'ok' : answer.error.code;
}

/** What came on a socket, item by item. */
export function itemsOf(peer: MailboxPeer): readonly MailboxItem[] {
  return peer.frames.flatMap((frame) => (frame.kind === 'items' ? frame.value.items : []));
}
