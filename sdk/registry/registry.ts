import {
  encode,
  equalBytes,
  judgeStatement,
  moduleSubmission,
  readAdminStatement,
  sha256,
  toBase64Url,
  type AdminStatement,
  type ChainId,
  type DsseEnvelope,
  type KnownRegistry,
  type Submission,
} from '../../core/index.ts';
import { ChainFollower, type ChainContext } from '../chain/chain-follower.ts';
import { ChainWriter, type Delivery, type Submit } from '../chain/chain-writer.ts';
import { newEventId, type Signing } from '../chain/sign-event.ts';
import { StatementError, UntrustedError, UsageError } from '../errors.ts';
import type { CallOptions } from '../group/group.ts';
import { viewRegistry, type RegistryView } from './registry-view.ts';

/** Whoever carries signs events; being the one gives no weight to what is carried (`AR3`). */
export type RegistryContext = ChainContext & Signing;

/**
 * A registry: who may say which modules are trusted, and what they said. Reads its log and verifies it, and brings to it what admins
 * signed elsewhere. What a registry would refuse is not sent: that rejects with a StatementError.
 */
export class Registry {
  /** Chain id, base64url. */
  readonly id: string;
  readonly #chain: ChainId;
  readonly #context: RegistryContext;
  readonly #follower: ChainFollower;

  constructor(context: RegistryContext, chain: ChainId) {
    this.id = toBase64Url(chain);
    this.#chain = chain;
    this.#context = context;
    this.#follower = new ChainFollower(context, chain);
  }

  /** As it stands, read from the relay and verified. */
  async view(options: CallOptions = {}): Promise<RegistryView> {
    const { chain, state } = await this.known(options);
    return viewRegistry(chain, state);
  }

  /** The same as the core has it: what `verifyWasmModule` and `judgeStatement` ask for. */
  async known({ signal }: CallOptions = {}): Promise<KnownRegistry> {
    await this.#follower.catchUp(signal);
    const { state } = await this.#follower.known(signal);
    if (state.kind !== 'registry') throw new UsageError('not-a-registry', `this is a chain of kind ${state.kind}`);
    return { chain: this.#chain, state: state.value };
  }

  /** Puts the next root in force: signed by the threshold of the one in force and by its own (`AR7`). */
  rotate(envelope: DsseEnvelope, options: CallOptions = {}): Promise<Delivery> {
    return this.#carry('rotation', envelope, options);
  }

  /** Takes modules and keys back, for good (`AR10`). */
  revoke(envelope: DsseEnvelope, options: CallOptions = {}): Promise<Delivery> {
    return this.#carry('revocation', envelope, options);
  }

  /** Makes a module known (`AR8`). Only at a relay that has pinned this registry. */
  publish(envelope: DsseEnvelope, module: Uint8Array, options: CallOptions = {}): Promise<Delivery> {
    return this.#carry('publication', envelope, options, async ([submission], signal) => {
      const { event, signature } = submission as Submission;
      return this.#context.client.publishModule(encode(moduleSubmission, { event, signature, module }), signal);
    });
  }

  /** The bytes of a module that was ever published at this relay, by their SHA-256. */
  async module(hash: Uint8Array, { signal }: CallOptions = {}): Promise<Uint8Array> {
    const bytes = await this.#context.client.module(hash, signal);
    if (equalBytes(sha256(bytes), hash)) return bytes;
    throw new UntrustedError('payload-mismatch', 'the module is not the one that was asked for');
  }

  async #carry(
    kind: AdminStatement['kind'],
    envelope: DsseEnvelope,
    { signal }: CallOptions,
    submit?: Submit,
  ): Promise<Delivery> {
    const registry = await this.known({ signal });
    const statement = readAdminStatement(envelope);
    if (statement.ok && statement.value.kind !== kind) {
      throw new StatementError({ code: 'unsupported-statement', payloadType: envelope.payloadType });
    }
    const { platform } = this.#context;
    const judged = judgeStatement(envelope, registry, platform.now());
    if (!judged.ok) throw new StatementError(judged.error);
    const { definition, body } = judged.value;
    const draft = { type: definition.type, body: definition.encodeBody(body), eventId: newEventId(platform) };
    return new ChainWriter(this.#context, this.#follower, submit).append(draft, this.#context, signal);
  }
}
