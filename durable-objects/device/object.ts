import { DurableObject } from 'cloudflare:workers';
import { equalBytes, err, toBase64Url, type ClaimOutcome } from '../../core/index.ts';
import {
  parseEnvelopePost,
  type AdmittedClaim,
  type Answer,
  type Caller,
  type MailDelivery,
} from '../../relay/index.ts';
import type { ChainObject } from '../chain/object.ts';
import { claimTokenKeyOf, limitsOf, type RelayEnvironment } from '../platform/environment.ts';
import { OpenDevice, REVOKED } from './open-device.ts';
import { holdsDevice, prepareStorage } from './opening.ts';

/**
 * One device's Durable Object: the KeyPackages that others invite it by, and the mailbox for what reaches it while it is
 * away. Its own actor opens it, and so does a first delivery; whatever others ask leaves nothing behind (`KP9`).
 */
export class DeviceObject extends DurableObject<RelayEnvironment> {
  /** ms since the Unix epoch; tests move it. */
  clock: () => number = () => Date.now();
  readonly #claimTokenKey = claimTokenKeyOf(this.env);
  #device: OpenDevice | undefined;

  constructor(ctx: DurableObjectState, env: RelayEnvironment) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(() => this.#restore());
  }

  publish(caller: Caller, device: Uint8Array, body: Uint8Array): Promise<Answer> {
    return this.#asOwner(caller, device, ({ keyPackages }) => keyPackages.publish(device, body));
  }

  stock(caller: Caller, device: Uint8Array): Promise<Answer> {
    return this.#asOwner(caller, device, ({ keyPackages }) => keyPackages.answerStock());
  }

  /** For chains, which have asked who claims: one KeyPackage, or why there is none. Opens no device (`KP9`). */
  async handOut(claim: AdmittedClaim, claimer: Uint8Array): Promise<ClaimOutcome> {
    const pool = this.#device?.isClosed === false ? this.#device.keyPackages : undefined;
    return pool?.handOut(claim, claimer) ?? { kind: 'exhausted', value: {} };
  }

  /** Anyone's request too: who shares a chain with the owner is for the chain to say, a token speaks for itself (`SE1`). */
  async post(caller: Caller, device: Uint8Array, body: Uint8Array): Promise<Answer> {
    const post = parseEnvelopePost(body);
    if (!post.ok) return post;
    const { grant } = post.value;
    const mayPost = grant.kind === 'token' || (await this.#chain(grant.value.chain).shareGroup(caller.actor, device));
    if (!mayPost) return err({ code: 'not-permitted' });
    const box = this.#device?.isClosed === false ? this.#device.envelopes : undefined;
    return box?.take(caller, device, post.value) ?? err({ code: 'not-found' });
  }

  revokeTokens(caller: Caller, device: Uint8Array, body: Uint8Array): Promise<Answer> {
    return this.#asOwner(caller, device, ({ envelopes }) => envelopes.revoke(body));
  }

  mailbox(caller: Caller, device: Uint8Array, from: number): Promise<Answer> {
    return this.#asOwner(caller, device, ({ mailbox }) => mailbox.answerPage(from));
  }

  ack(caller: Caller, device: Uint8Array, body: Uint8Array): Promise<Answer> {
    return this.#asOwner(caller, device, ({ mailbox }) => mailbox.answerAck(body));
  }

  setAside(caller: Caller, device: Uint8Array, from: number): Promise<Answer> {
    return this.#asOwner(caller, device, ({ mailbox }) => mailbox.answerSetAside(from));
  }

  discard(caller: Caller, device: Uint8Array, body: Uint8Array): Promise<Answer> {
    return this.#asOwner(caller, device, ({ mailbox }) => mailbox.answerDiscard(body));
  }

  /** A ticket for the mailbox's stream. `origin` is empty for callers outside browsers. */
  ticket(caller: Caller, device: Uint8Array, origin: string): Promise<Answer> {
    return this.#asOwner(caller, device, ({ gate }) => gate.issueTicket(device, origin));
  }

  /**
   * For chains: what they have for this device. Repeating a delivery changes nothing; the others ask to try again later. A
   * poke opens no mailbox: any group can list any key (`OB4`). A Welcome does: who sent it claimed a KeyPackage here.
   */
  async deliver(delivery: MailDelivery): Promise<'stored' | 'full' | 'absent'> {
    if (this.#device === undefined && delivery.kind === 'poke') return 'absent';
    // Nobody will read it: who delivers need not try again.
    if (this.#device?.isClosed === true) return 'stored';
    return this.#open().mailbox.deliver(delivery);
  }

  /** For the account that has revoked this device: what it published and what waits for it goes, and nobody opens it again. */
  async close(): Promise<void> {
    this.#open().close();
  }

  override fetch(request: Request): Response {
    // Only a ticket opens a socket, and nobody holds one for a device that never was here.
    if (this.#device === undefined || this.#device.isClosed) return new Response(null, { status: 404 });
    return this.#device.sockets.accept(request.headers.get('origin') ?? '');
  }

  override async webSocketMessage(socket: WebSocket, data: ArrayBuffer | string): Promise<void> {
    await this.#device?.sockets.receive(socket, data);
  }

  override webSocketClose(socket: WebSocket): void {
    this.#device?.sockets.closed(socket);
  }

  override webSocketError(socket: WebSocket): void {
    this.#device?.sockets.leave(socket);
  }

  override async alarm(): Promise<void> {
    await this.#device?.jobs.run();
  }

  async #restore(): Promise<void> {
    if (holdsDevice(this.ctx.storage)) await this.#open().jobs.recover();
  }

  #open(): OpenDevice {
    if (this.#device === undefined) {
      prepareStorage(this.ctx.storage);
      this.#device = new OpenDevice({
        ctx: this.ctx,
        limits: limitsOf(this.env),
        claimTokenKey: this.#claimTokenKey,
        clock: () => this.clock(),
      });
    }
    return this.#device;
  }

  /** For its own actor alone (`KP1`, `MX1`): claims the nonce, then answers. Others are refused before anything is stored. */
  async #asOwner(caller: Caller, device: Uint8Array, answer: (device: OpenDevice) => Answer): Promise<Answer> {
    if (!equalBytes(caller.actor, device)) return err({ code: 'not-permitted' });
    const opened = this.#open();
    if (opened.isClosed) return err(REVOKED);
    const admitted = opened.gate.admit(caller);
    return admitted.ok ? answer(opened) : admitted;
  }

  #chain(chain: Uint8Array): ChainObject {
    return this.env.CHAIN.getByName(toBase64Url(chain)) as unknown as ChainObject;
  }
}
