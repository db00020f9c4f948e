import fc from 'fast-check';
import { expect } from 'vitest';
import { decode, encode, entryPage } from '../../core/index.ts';
import { memoryStorage, TeraChatError, type Group, type Session } from '../../sdk/index.ts';
import { soleInvitation, Stage, textsOf } from '../stories/stage.ts';
import { LyingNetwork } from './lying-network.ts';
import { fuzzSeed } from './fuzz-seed.ts';
import { applyEdits, edits, type Edit } from './mutations.ts';

/** No call takes longer to give up, with all the times that it tries again. */
const SLOWEST_CALL_MS = 25_000;
/** Calls after which everything that is shown is compared with what was said. */
const COMPARE_AFTER = 10;

const PARTS = ['anywhere', 'entry', 'payload', 'checkpoint'] as const;
const CALLS = ['catchUp', 'inbox', 'invitations', 'connect', 'invite', 'send'] as const;

/** One call during which one answer is a lie. */
export interface LiedCall {
  readonly call: (typeof CALLS)[number];
  /** Which of the answers of the call. */
  readonly nth: number;
  readonly edits: readonly Edit[];
  /** Where in a page of entries it lies, so that the page stays one; elsewhere it lies anywhere. */
  readonly part: (typeof PARTS)[number];
  readonly status: number | undefined;
}

const liedCalls: fc.Arbitrary<LiedCall> = fc.record({
  call: fc.oneof({ weight: 5, arbitrary: fc.constant('catchUp' as const) }, fc.constantFrom(...CALLS)),
  nth: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(3)),
  edits,
  part: fc.constantFrom(...PARTS),
  status: fc.option(fc.constantFrom(200, 201, 204, 302, 400, 401, 404, 409, 429, 500, 503), {
    nil: undefined,
    freq: 6,
  }),
});

const liedFrames = fc.record({ nth: fc.nat(2), edits });

/** Someone whose relay lies, in a group with someone whose relay does not. */
export class FuzzedClient {
  readonly #stage: Stage;
  readonly #network: LyingNetwork;
  readonly #bob: Session;
  readonly #hers: Group;
  readonly #his: Group;
  /** Whatever was really said in the group. */
  readonly #said = new Set<string>();
  #count = 0;
  #isPending = false;
  /** What became of the calls: `shown`, or the codes of their errors. */
  readonly outcomes = new Map<string, number>();

  private constructor(stage: Stage, network: LyingNetwork, people: { bob: Session; hers: Group; his: Group }) {
    this.#stage = stage;
    this.#network = network;
    this.#bob = people.bob;
    this.#hers = people.hers;
    this.#his = people.his;
  }

  static async start(): Promise<FuzzedClient> {
    const stage = await Stage.share();
    const network = new LyingNetwork();
    const alice = await stage.person();
    const bob = await stage.connect(memoryStorage(), stage.relay.url, network);
    await bob.createIdentity();
    const hers = await alice.createGroup();
    await hers.invite((bob.identity as { actor: string }).actor, 'admin');
    const his = await (await soleInvitation(bob)).accept();
    return new FuzzedClient(stage, network, { bob, hers, his });
  }

  async stop(): Promise<void> {
    await this.#stage.strike();
  }

  /** Lies in one answer of each of so many calls, and in one frame of a live reading for every twentieth. */
  async lie(count: number): Promise<void> {
    const seed = fuzzSeed();
    const live = Math.floor(count / 20);
    await fc.assert(
      fc.asyncProperty(liedCalls, (lied) => this.#call(lied)),
      { numRuns: count - live, seed },
    );
    await this.#compare();
    await fc.assert(
      fc.asyncProperty(liedFrames, (lied) => this.#readLive(lied)),
      { numRuns: live, seed },
    );
    await this.#compare();
  }

  async #call({ call, nth, edits: changes, part, status }: LiedCall): Promise<void> {
    await this.#sayOnce();
    let answer = 0;
    this.#network.answers = (path, truth) => {
      if (answer++ !== nth) return undefined;
      const lied = path.endsWith('/entries') ? liedPage(truth, part, changes) : applyEdits(truth, changes);
      return { bytes: lied, ...(status !== undefined && { status }) };
    };
    await this.#expectTyped(call, () => this.#run(call));
    this.#network.answers = undefined;
    if (++this.#count % COMPARE_AFTER === 0) await this.#compare();
  }

  async #run(call: LiedCall['call']): Promise<void> {
    switch (call) {
      case 'catchUp':
        await this.#his.catchUp();
        this.#isPending = false;
        return;
      case 'inbox':
        await this.#bob.inbox();
        return;
      case 'invitations':
        await this.#bob.invitations();
        return;
      case 'connect':
        (await this.#stage.connect(memoryStorage(), this.#stage.relay.url, this.#network)).close();
        return;
      case 'invite':
        // Nobody has this key: the claim is answered, and whatever the answer is made into invites nobody.
        await this.#his.invite('CgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgo');
        return;
      case 'send': {
        const text = `his ${this.#count}`;
        this.#said.add(text);
        await this.#his.send(text);
      }
    }
  }

  /** Reads live while one frame is a lie: what is read all the same is true, and then comes what is new. */
  async #readLive({ nth, edits: changes }: { readonly nth: number; readonly edits: readonly Edit[] }): Promise<void> {
    let frame = 0;
    this.#network.frames = (_path, truth) => (frame++ === nth ? { bytes: applyEdits(truth, changes) } : undefined);
    const stop = new AbortController();
    const text = `hers, live ${this.#count++}`;
    const seen = this.#collectUntil(text, stop.signal);
    this.#said.add(text);
    await this.#hers.send(text);
    const late = setTimeout(() => stop.abort(new Error(`${text} did not come`)), SLOWEST_CALL_MS);
    for (const shown of await seen) expect(this.#said).toContain(shown);
    clearTimeout(late);
    this.#network.frames = undefined;
  }

  async #collectUntil(last: string, signal: AbortSignal): Promise<readonly string[]> {
    const texts: string[] = [];
    for await (const message of this.#his.messages({ live: true, last: 3, signal })) {
      if (message.kind !== 'message') continue;
      texts.push(message.text ?? '');
      if (message.text === last) break;
    }
    return texts;
  }

  /** Something that he has not read, so that an answer has something in it. */
  async #sayOnce(): Promise<void> {
    if (this.#isPending) return;
    const text = `hers ${this.#count}, ${this.#said.size}`;
    this.#said.add(text);
    await this.#hers.send(text);
    this.#isPending = true;
  }

  async #expectTyped(call: string, run: () => Promise<void>): Promise<void> {
    const startedAt = performance.now();
    try {
      await run();
      this.#note(`${call}: done`);
    } catch (error) {
      if (!(error instanceof TeraChatError)) throw error;
      this.#note(`${call}: ${error.code}`);
    }
    expect(performance.now() - startedAt, call).toBeLessThan(SLOWEST_CALL_MS);
  }

  #note(what: string): void {
    this.outcomes.set(what, (this.outcomes.get(what) ?? 0) + 1);
  }

  /** Told the truth again, he has everything that she has, in her order, once; and shows nothing else. */
  async #compare(): Promise<void> {
    await this.#his.catchUp();
    // A message whose answer was a lie goes again by itself, and may arrive while she reads.
    await expect.poll(() => this.#his.pending(), { timeout: SLOWEST_CALL_MS }).toEqual([]);
    await this.#hers.catchUp();
    await this.#his.catchUp();
    const hers = await textsOf(this.#hers);
    const his = await textsOf(this.#his);
    expect(his).toEqual(hers);
    for (const text of his) expect(this.#said).toContain(text);
    this.#isPending = false;
  }
}

/** A page of entries that says something else in one part of it. */
function liedPage(truth: Uint8Array, part: LiedCall['part'], changes: readonly Edit[]): Uint8Array {
  const page = decode(entryPage, truth);
  if (!page.ok || part === 'anywhere') return applyEdits(truth, changes);
  const { entries, checkpoint } = page.value;
  const lie = (bytes: Uint8Array): Uint8Array => applyEdits(bytes, changes);
  if (part === 'checkpoint') {
    const text = new TextDecoder().decode(lie(new TextEncoder().encode(checkpoint)));
    return encode(entryPage, { entries, checkpoint: text.slice(0, 1_000) });
  }
  const lied = entries.map(({ entry, payload }) =>
    part === 'entry' ? { entry: lie(entry), payload } : { entry, payload: payload && lie(payload) },
  );
  return encode(entryPage, { entries: lied, checkpoint });
}
