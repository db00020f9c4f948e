import {
  createSignatureChecker,
  encode,
  nodeReaderOfRows,
  publicKeyOf,
  satisfiesEquation,
  submission,
  type ChainId,
  type LoggedLeaf,
  type NodeReader,
  type Submission,
} from '../../core/index.ts';
import {
  decideFlush,
  judgeGenesis,
  screenSubmissions,
  type Candidate,
  type ChainHead,
  type CheckSignatures,
  type Decision,
  type LoggedEvent,
  type LogReader,
  type NewEntry,
  type Quotable,
  type StoredLog,
} from '../../relay/index.ts';

const RELAY_NAME = 'localhost.terachat';
const checker = createSignatureChecker({ verifyBatch: (jobs) => jobs.map(satisfiesEquation) });
export const checkSignatures: CheckSignatures = (jobs) => checker.check(jobs);

/** The ports of a chain over arrays: what a correct store does, with nothing to go wrong in it. */
export class MemoryChain implements LogReader, StoredLog, Quotable {
  readonly rows: NewEntry[] = [];
  head: ChainHead;
  clock: number;

  constructor(genesis: Submission, clock: number) {
    this.clock = clock;
    const key = { relayName: RELAY_NAME, publicKey: publicKeyOf(new Uint8Array(32)), sign: () => new Uint8Array(64) };
    const founding = judgeGenesis(encode(submission, genesis), { key, check: checkSignatures, clock });
    if (!founding.ok) throw new Error(founding.error.code);
    this.rows.push(founding.value.entry);
    this.head = founding.value.head;
  }

  get id(): ChainId {
    return this.head.chain;
  }

  get size(): number {
    return this.rows.length;
  }

  /** Where a reader of everything stands. */
  get seen(): { readonly index: number; readonly hash: Uint8Array } {
    return { index: this.head.size - 1, hash: this.head.leaf };
  }

  decide(candidates: readonly Candidate[]): readonly Decision[] {
    const flush = decideFlush(this.head, candidates, this, this.clock);
    this.rows.push(...flush.entries);
    this.head = flush.head;
    return flush.decisions;
  }

  /** Screens and decides; a submission that is screened out has no decision. */
  append(...submissions: readonly Submission[]): readonly Decision[] {
    const screened = screenSubmissions(submissions, this.id, checkSignatures);
    return this.decide(screened.flatMap((one) => (one.ok ? [one.value] : [])));
  }

  entryAt(index: number): Uint8Array {
    return (this.rows[index] as NewEntry).entry;
  }

  readonly node: NodeReader = nodeReaderOfRows((row) => this.rows[row]?.nodes);

  leafAt(index: number): LoggedLeaf | undefined {
    const row = this.rows[index];
    return row && { hash: row.nodes.subarray(0, 32), relayTime: row.relayTime };
  }

  findEvents(eventKeys: readonly Uint8Array[]): readonly LoggedEvent[] {
    const wanted = new Set(eventKeys.map((key) => key.join()));
    return this.rows.filter(({ eventKey }) => wanted.has(eventKey.join()));
  }

  entriesFrom(index: number): readonly Uint8Array[] {
    return this.rows.slice(index).map(({ entry }) => entry);
  }

  payloadOf(index: number): Uint8Array | undefined {
    return this.rows[index]?.payload?.bytes;
  }

  proofOf(index: number): string {
    return `proof of ${index}`;
  }
}
