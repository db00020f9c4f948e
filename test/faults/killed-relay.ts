import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import {
  decodeTrusted,
  encode,
  entryCodec,
  equalBytes,
  leafHash,
  sha256,
  toHex,
  type Submission,
} from '../../core/index.ts';
import { spawnRelay, type SpawnedRelay } from '../../workers/local.ts';
import type { DownloadedLog } from '../support/download-log.ts';
import { steadyPort } from '../support/steady-port.ts';
import { TestActor, type Seen } from '../support/test-actor.ts';
import { AppendLoad, resend, type Receipt } from './append-load.ts';
import { LogClient } from './log-client.ts';

/** How a relay dies, and comes back on the same port and folder. */
export type Death = (relay: FragileRelay) => Promise<void>;

/** A relay in a folder of its own that is killed in the middle of things, and one group on it. */
export class FragileRelay {
  readonly folder: string;
  readonly client: LogClient;
  readonly writer: TestActor;
  spawned: SpawnedRelay;
  /** Everything that was ever sent, with the receipt that it got first. */
  readonly #sent: { readonly submission: Submission; receipt: Receipt | undefined }[] = [];
  readonly #genesis: Seen;

  private constructor(folder: string, spawned: SpawnedRelay, client: LogClient, { writer, genesis }: Writer) {
    this.folder = folder;
    this.spawned = spawned;
    this.client = client;
    this.writer = writer;
    this.#genesis = genesis;
  }

  static async start(label: string): Promise<FragileRelay> {
    const folder = await mkdtemp(join(tmpdir(), 'fragile-relay-'));
    const spawned = await spawnRelay({ folder, port: await steadyPort() });
    const writer = new TestActor(label);
    const client = await LogClient.found(spawned, writer);
    const { entries } = await client.download();
    return new FragileRelay(folder, spawned, client, {
      writer,
      genesis: { index: 0, hash: leafHash(entries[0]!.entry) },
    });
  }

  async restart(): Promise<void> {
    this.spawned = await spawnRelay({ folder: this.folder, port: this.spawned.port });
  }

  /** The workerd that serves, also when the one that the relay began with is dead. At once, since appends go on meanwhile. */
  get runtimePid(): number {
    const lock = JSON.parse(readFileSync(join(this.folder, 'relay.lock'), 'utf8')) as { runtime: { pid: number } };
    return lock.runtime.pid;
  }

  async waitUntilHealthy(): Promise<void> {
    for (let attempt = 0; attempt < 600; attempt++) {
      const isUp = await fetch(`${this.spawned.url}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (isUp) return;
      await sleep(50);
    }
    throw new Error('the relay does not answer any more');
  }

  /** Events that may be appended at any time, in any order: all have seen the genesis alone. */
  #makeEvents(count: number): Submission[] {
    const time = Date.now();
    return Array.from({ length: count }, (_, i) => {
      const payload = sha256(new TextEncoder().encode(`${this.#sent.length + i}`));
      return this.writer.message(this.client.chain, this.#genesis, time, payload);
    });
  }

  /**
   * Sends events at the same time and kills the relay once `killAfter` of them are acknowledged. Then everything that was
   * promised must be there, and sending the same bytes again must change nothing but bring what is missing.
   */
  async survive({ count, killAfter, death }: { count: number; killAfter: number; death: Death }): Promise<Survival> {
    const submissions = this.#makeEvents(count);
    const { size: sizeBefore } = (await this.client.download()).report;
    let killing: Promise<void> | undefined;
    const load = new AppendLoad(this.client, submissions, (acknowledged) => {
      // Some ms later, so that it dies at any point between taking an event and answering.
      if (acknowledged >= killAfter) killing ??= sleep(killAfter % LONGEST_FUSE_MS).then(() => death(this));
    });
    await load.run();
    await killing;
    expect(killing, `killed after ${killAfter} receipts`).toBeDefined();
    const acknowledged = load.receipts.size;
    expect(acknowledged).toBeGreaterThanOrEqual(killAfter);
    expect(acknowledged, 'appends were under way when the relay died').toBeLessThan(count);
    this.#sent.push(...submissions.map((submission, place) => ({ submission, receipt: load.receipts.get(place) })));

    const after = await this.client.download();
    this.#expectEverythingPromised(after);
    for (const [index, { entry }] of load.shown) {
      assertSame(after.entries[index]?.entry, entry, `entry ${index} is the one that was shown`);
    }
    const survivors = after.report.size - sizeBefore;
    await this.#resendEverything(submissions);
    return { acknowledged, unanswered: survivors - acknowledged, lost: count - survivors };
  }

  /** Each event that has a receipt is there once, where the receipt says, with its payload. */
  #expectEverythingPromised({ entries }: DownloadedLog): void {
    const places = placesOf(entries);
    for (const { submission, receipt } of this.#sent) {
      const found = places.get(toHex(submission.event)) ?? [];
      assert(found.length <= 1, `no event is there twice, and one is at ${found.join(' and ')}`);
      if (receipt === undefined) continue;
      assert(found[0] === receipt.index, `an event is at ${receipt.index}, where its receipt says`);
      const { entry, payload } = entries[receipt.index]!;
      const { event, signature } = submission;
      assertSame(entry, encode(entryCodec, { ...receipt, event, signature }), `entry ${receipt.index} is as promised`);
      assertSame(payload, submission.payload, `entry ${receipt.index} has its payload`);
    }
  }

  async #resendEverything(newest: readonly Submission[]): Promise<void> {
    const first = await resend(this.client, newest);
    const sent = this.#sent.slice(-newest.length);
    for (const [i, one] of sent.entries()) {
      if (one.receipt !== undefined) assertReceipt(first[i], one.receipt);
      one.receipt = first[i];
    }
    const log = await this.client.download();
    expect(log.report.size, 'the genesis and each event once').toBe(1 + this.#sent.length);
    this.#expectEverythingPromised(log);
    const again = await resend(
      this.client,
      this.#sent.map(({ submission }) => submission),
    );
    for (const [i, { receipt }] of this.#sent.entries()) assertReceipt(again[i], receipt!);
    expect((await this.client.download()).report.root).toEqual(log.report.root);
  }

  async remove(): Promise<void> {
    await this.spawned.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

const LONGEST_FUSE_MS = 17;

interface Writer {
  readonly writer: TestActor;
  readonly genesis: Seen;
}

/** What became of the events of one death. */
export interface Survival {
  readonly acknowledged: number;
  /** In the log, although their answers never came. */
  readonly unanswered: number;
  /** Never got in; nobody was told otherwise. */
  readonly lost: number;
}

/** Launcher and workerd at once, as a power failure would. */
export const killEverything: Death = async (relay) => {
  await relay.spawned.kill();
  await relay.restart();
};

/** Workerd alone: the launcher lives and starts another. */
export const killRuntime: Death = async (relay) => {
  const killed = relay.runtimePid;
  process.kill(killed, 'SIGKILL');
  for (let attempt = 0; relay.runtimePid === killed; attempt++) {
    if (attempt === 600) throw new Error('no workerd was started in the place of the killed one');
    await sleep(50);
  }
  await relay.waitUntilHealthy();
};

/** Plain comparisons: a matcher for each of ten thousand values would take minutes. */
function assert(holds: boolean, claim: string): void {
  if (!holds) throw new Error(`it does not hold that ${claim}`);
}

function assertSame(actual: Uint8Array | undefined, expected: Uint8Array | undefined, claim: string): void {
  assert(actual !== undefined && expected !== undefined && equalBytes(actual, expected), claim);
}

function assertReceipt(actual: Receipt | undefined, expected: Receipt): void {
  const isSame = actual?.index === expected.index && actual.relayTime === expected.relayTime;
  assert(isSame && equalBytes(actual.prev, expected.prev), `${expected.index} got its first receipt again`);
}

function placesOf(entries: DownloadedLog['entries']): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (const [index, { entry }] of entries.entries()) {
    const event = toHex(decodeTrusted(entryCodec, entry).event);
    places.set(event, [...(places.get(event) ?? []), index]);
  }
  return places;
}
