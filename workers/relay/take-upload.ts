import { digestField, equalBytes, err, MINUTE_MS, ok, type Result } from '../../core/index.ts';
import { RunningSha256, type TurnKey, type UploadedBlob, type UploadTurn } from '../../durable-objects/index.ts';
import { BlobWriter, readRows, type ClusterNodes, type RelayRefusal, type WrittenRow } from '../../relay/index.ts';

/** What the chain's object is told of an upload. */
export interface UploadLedger {
  noteRow(key: TurnKey, row: WrittenRow): Promise<boolean>;
  finishUpload(key: TurnKey, written: UploadedBlob): Promise<boolean>;
  dropUpload(key: TurnKey): Promise<void>;
}

export interface UploadBody {
  readonly bytes: ReadableStream<Uint8Array> | null;
  /** The Content-Digest that was signed. */
  readonly digest: string;
}

/** Whether the attachment is kept, or how many bytes of it are for sure. */
export type UploadProgress = { readonly kind: 'kept' } | { readonly kind: 'begun'; readonly offset: number };

/** What is read of a body at a time. The platform's own chunks are so small that asking for each costs more than hashing it. */
const CHUNK_BYTES = 262_144;

/** How long so many may take to come (`UP7`). */
const STALLED_MS = MINUTE_MS;

/** Somebody else goes on with the upload. */
class TakenOver extends Error {}

/**
 * Brings the bytes of one request to the nodes (`UP2`, `UP3`): reads back what was stored before, since the hash of the whole and
 * those of its cells are made of it, then takes the body as it comes. Memory does not grow with either.
 */
export class UploadTaker {
  readonly #turn: UploadTurn;
  readonly #cluster: ClusterNodes;
  readonly #ledger: UploadLedger;
  readonly #writer: BlobWriter;
  readonly #content = new RunningSha256();
  #received: number;
  #offset: number;

  constructor(turn: UploadTurn, cluster: ClusterNodes, ledger: UploadLedger) {
    this.#turn = turn;
    this.#cluster = cluster;
    this.#ledger = ledger;
    this.#received = turn.offset;
    this.#offset = turn.offset;
    const { chain, id, placement, size: blobBytes, blobExpiresAt: expiresAt, rows: storedRows, missing } = turn;
    const blob = { chain, id, placement, blobBytes, expiresAt };
    this.#writer = new BlobWriter(cluster, blob, { storedRows, missing, onRow: (row) => this.#noteRow(row) });
  }

  async take(body: UploadBody): Promise<Result<UploadProgress, RelayRefusal>> {
    try {
      const readBack = await this.#readBack();
      const taken: Result<Uint8Array, RelayRefusal> = readBack.ok ? await this.#takeBody(body) : readBack;
      if (!taken.ok) return taken;
      if (this.#received === this.#turn.size) return await this.#finish(taken.value);
      // The last row may still be on its way, and counts once it has arrived.
      await this.#writer.idle();
      return ok({ kind: 'begun', offset: this.#offset });
    } catch (error) {
      if (error instanceof TakenOver) return err({ code: 'upload-offset', offset: this.#offset });
      throw error;
    } finally {
      await this.#writer.idle();
    }
  }

  async #readBack(): Promise<Result<void, RelayRefusal>> {
    const turn = this.#turn;
    for await (const bytes of readRows(this.#cluster, { ...turn, blobBytes: turn.size })) {
      const written = bytes.ok ? await this.#write(bytes.value) : bytes;
      if (!written.ok) return err({ ...written.error });
    }
    return ok(undefined);
  }

  /** The hash of all that was received up to here. */
  async #takeBody({ bytes, digest }: UploadBody): Promise<Result<Uint8Array, RelayRefusal>> {
    // What was stored before is in the hash of the whole and not in that of the body; without it they are one.
    const sent = this.#received > 0 ? new RunningSha256() : undefined;
    const reader = bytes?.getReader({ mode: 'byob' });
    let room = new ArrayBuffer(CHUNK_BYTES);
    for (;;) {
      const chunk = await this.#readChunk(reader, room);
      if (chunk === 'broken') return err({ code: 'malformed-request', parameter: 'body' });
      if (chunk === undefined) break;
      this.#received += chunk.length;
      if (this.#received > this.#turn.size) return this.#refuseBody(reader, 'body-too-large');
      sent?.update(chunk);
      const written = await this.#write(chunk);
      if (!written.ok) return err({ ...written.error });
      room = chunk.buffer;
    }
    const hash = this.#content.digest();
    const isSigned = digestField(sent?.digest() ?? hash) === digest;
    return isSigned ? ok(hash) : this.#refuseBody(undefined, 'digest-mismatch');
  }

  /** What was stored of such a body is nobody's: the whole upload is dropped. */
  async #refuseBody(
    reader: ReadableStreamBYOBReader | undefined,
    code: 'body-too-large' | 'digest-mismatch',
  ): Promise<Result<never, RelayRefusal>> {
    await reader?.cancel();
    await this.#ledger.dropUpload(this.#turn);
    return err(code === 'body-too-large' ? { code, limitBytes: this.#turn.size - this.#turn.offset } : { code });
  }

  async #write(bytes: Uint8Array): Promise<Awaited<ReturnType<BlobWriter['write']>>> {
    this.#content.update(bytes);
    return this.#writer.write(bytes);
  }

  async #finish(hash: Uint8Array): Promise<Result<UploadProgress, RelayRefusal>> {
    if (!equalBytes(hash, this.#turn.hash)) {
      await this.#ledger.dropUpload(this.#turn);
      return err({ code: 'attachment-mismatch' });
    }
    const written = await this.#writer.finish();
    if (!written.ok) return err({ ...written.error });
    const isKept = await this.#ledger.finishUpload(this.#turn, written.value);
    return isKept ? ok({ kind: 'kept' }) : err({ code: 'upload-offset', offset: 0 });
  }

  /** The tail is no row that an upload goes on behind: with it the blob is whole. */
  async #noteRow(row: WrittenRow): Promise<void> {
    if (this.#writer.isLastPart(row.row)) return;
    if (!(await this.#ledger.noteRow(this.#turn, row))) throw new TakenOver();
    this.#offset = this.#writer.offsetAfter(row.row);
  }

  /**
   * The next bytes, which lie in `room`: as many as it takes, or those at the end. Whoever sends less in a minute holds memory that
   * others need (`UP7`), and goes on from what is stored like one who went away.
   */
  async #readChunk(
    reader: ReadableStreamBYOBReader | undefined,
    room: ArrayBuffer,
  ): Promise<Uint8Array<ArrayBuffer> | 'broken' | undefined> {
    const timer = this.#cluster.startTimer(STALLED_MS);
    const stalled = timer.over.then(() => 'stalled' as const);
    try {
      const read = await Promise.race([reader?.readAtLeast(room.byteLength, new Uint8Array(room)), stalled]);
      if (read === 'stalled') {
        await reader?.cancel();
        return 'broken';
      }
      return read?.value !== undefined && read.value.length > 0 ? read.value : undefined;
    } catch {
      // The sender went away in the middle of it. What is stored stays, and is gone on with.
      return 'broken';
    } finally {
      timer.cancel();
    }
  }
}
