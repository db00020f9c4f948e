import { join } from 'node:path';
import { equalBytes, sha256, utf8ToBytes } from '../../core/index.ts';
import { attachmentOf, type Attachment, type Group, type Session } from '../../sdk/index.ts';
import { fileStorage } from '../../sdk/node/index.ts';
import { connectFromNode } from '../person.ts';
import type { ClusterTools } from './operator.ts';

/** Sizes of what a drill writes: one object a shard, several stripes, several objects a shard. */
const SIZES = [1_000, 700_000, 6_000_000];

/** Attachments of the drill's own group, which stay for the next drill. */
export class DrillBlobs {
  readonly #session: Session;
  readonly #group: Group;
  readonly #signal: AbortSignal;
  readonly #attachments: Attachment[] = [];
  readonly #close: () => Promise<void>;

  private constructor(session: Session, group: Group, signal: AbortSignal, close: () => Promise<void>) {
    this.#session = session;
    this.#group = group;
    this.#signal = signal;
    this.#close = close;
  }

  /** As an identity that lives in the relay's folder, and that the first drill makes. */
  static async open({ url, signal }: ClusterTools, folder: string): Promise<DrillBlobs> {
    const storage = fileStorage(join(folder, 'drill'));
    const session = await connectFromNode(url, storage, signal);
    if (session.identity === undefined) await session.createIdentity({ signal });
    const [known] = await session.groups();
    const group = await (known === undefined ? session.createGroup({ signal }) : session.group(known.id));
    const drill = new DrillBlobs(session, group, signal, () => storage.close());
    await drill.#find();
    return drill;
  }

  get count(): number {
    return this.#attachments.length;
  }

  /** Bytes that can be told from any others: a hash chain of the number. */
  async write(): Promise<void> {
    for (const [number, size] of SIZES.entries()) {
      const { attachment } = await this.#group.blobs.put(contentOf(number, size), {
        name: `${number}`,
        signal: this.#signal,
      });
      this.#attachments.push(attachment);
    }
  }

  /** How many can't be read, or have other bytes than were written. All at once: each that can't takes its deadline to tell. */
  async countUnreadable(): Promise<number> {
    const readable = await Promise.all(this.#attachments.map((attachment) => this.#isReadable(attachment)));
    return readable.filter((isReadable) => !isReadable).length;
  }

  async close(): Promise<void> {
    this.#session.close();
    await this.#close();
  }

  async #find(): Promise<void> {
    await this.#group.catchUp({ signal: this.#signal });
    for await (const message of this.#group.messages()) {
      const attachment = attachmentOf(message);
      if (attachment !== undefined && (await this.#isReadable(attachment))) this.#attachments.push(attachment);
    }
  }

  async #isReadable(attachment: Attachment): Promise<boolean> {
    const { name, size } = attachment;
    try {
      const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(READ_DEADLINE_MS)]);
      return equalBytes(await this.#group.blobs.get(attachment, { signal }), contentOf(Number(name), size));
    } catch {
      this.#signal.throwIfAborted();
      return false;
    }
  }
}

/** A read waits for a relay that is away, and one of a blob that too few shards are left of would wait for ever. */
const READ_DEADLINE_MS = 15_000;

function contentOf(number: number, size: number): Uint8Array {
  const content = new Uint8Array(size);
  let block = sha256(utf8ToBytes(`drill ${number}`));
  for (let at = 0; at < size; at += block.length) {
    content.set(block.subarray(0, Math.min(block.length, size - at)), at);
    block = sha256(block);
  }
  return content;
}
