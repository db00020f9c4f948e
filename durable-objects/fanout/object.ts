import { DurableObject } from 'cloudflare:workers';
import type { Answer } from '../../relay/index.ts';
import type { Passage } from '../chain/passage.ts';
import type { RelayEnvironment } from '../platform/environment.ts';
import { OpenShare, type ShareReport } from './open-share.ts';
import { openShareStorage, writeShare, type ShareIdentity, type StoredShare } from './store.ts';

/** A share of a chain's readers (`SK12`). Its chain opens it, by asking for a ticket; whatever others ask leaves nothing behind. */
export class FanoutObject extends DurableObject<RelayEnvironment> {
  /** ms since the Unix epoch; tests move it. */
  clock: () => number = () => Date.now();
  #share: OpenShare | undefined;

  constructor(ctx: DurableObjectState, env: RelayEnvironment) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(() => this.#restore());
  }

  /** For the chain: a ticket for one of its readers, or `full`. */
  async issueTicket(
    { chain, share, size }: ShareIdentity & { readonly size: number },
    { actor, origin }: { readonly actor: Uint8Array; readonly origin: string },
  ): Promise<{ readonly answer: Answer | 'full' }> {
    const opened = this.#share ?? this.#create({ chain, share, next: size });
    return { answer: opened.issueTicket(size, actor, origin) };
  }

  /** For the chain: what is new, or only how far the log goes. Resolves when this share's readers have it. */
  async pass(passage: Passage, knownVersion: string): Promise<ShareReport> {
    if (this.#share === undefined) return { isEmpty: true, version: '', readers: [] };
    await this.#share.take(passage);
    return this.#share.report(knownVersion);
  }

  override fetch(request: Request): Response {
    if (this.#share === undefined) return new Response(null, { status: 404 });
    return this.#share.sockets.accept(request.headers.get('origin') ?? '');
  }

  override async webSocketMessage(socket: WebSocket, data: ArrayBuffer | string): Promise<void> {
    await this.#share?.sockets.receive(socket, data);
  }

  override webSocketClose(socket: WebSocket): void {
    this.#share?.sockets.closed(socket);
  }

  override webSocketError(socket: WebSocket): void {
    this.#share?.sockets.leave(socket);
  }

  override async alarm(): Promise<void> {
    await this.#share?.jobs.run();
  }

  async #restore(): Promise<void> {
    const share = openShareStorage(this.ctx.storage);
    if (share !== undefined) await this.#open(share).jobs.recover();
  }

  #create(share: StoredShare): OpenShare {
    writeShare(this.ctx.storage, share);
    return this.#open(share);
  }

  #open(share: StoredShare): OpenShare {
    const { ctx, env } = this;
    this.#share = new OpenShare({ ctx, env, share, clock: () => this.clock() });
    return this.#share;
  }
}
