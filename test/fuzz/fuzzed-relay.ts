import { createPrivateKey, sign as signWithKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import {
  appendAnswer,
  auditStateIntegrity,
  createSignatureChecker,
  decode,
  decodeTrusted,
  fromBase64Url,
  isProblemCode,
  keyPackageStock,
  mailboxDownFrame,
  problems,
  stateAnswer,
  toBase64Url,
  toHex,
  type ChainId,
  type Problem,
} from '../../core/index.ts';
import { nodeVerifyBatch } from '../../sdk/node/index.ts';
import { startLocalRelay, type LocalRelay } from '../../workers/local.ts';
import { InhabitedRelay } from '../support/inhabited-relay.ts';
import { RawSocket } from '../support/raw-socket.ts';
import { chainPath, devicePath, RelayCaller } from '../support/relay-caller.ts';
import type { TestActor } from '../support/test-actor.ts';
import { fuzzSeed } from './fuzz-seed.ts';
import { frameMutants, frameOf, requestMutants, shotOf, type FrameMutant, type RequestMutant } from './mutants.ts';
import { frameSeeds, isWrite, requestSeeds, type FrameSeed, type RequestSeed } from './seeds.ts';

/** No answer takes longer, also on a machine that has much else to do. */
const SLOWEST_ANSWER_MS = 10_000;
/** Events are refused by the clock after five minutes, and would then be refused for nothing else. */
const SEEDS_LAST_MS = 120_000;
/** Requests after which everything is looked at again: what one of them had changed would be there still. */
const LOOK_AFTER = 100;
const CLOSE_REFUSED = 4400;

/** What the relay holds: of each chain its size and digest, and of Bob's device its stock and mail. */
interface Holdings {
  readonly chains: ReadonlyMap<string, { readonly size: number; readonly digest: string }>;
  readonly stock: number;
  /** Welcomes and envelopes by their sequence numbers. Pokes come and go as others read. */
  readonly mail: readonly number[];
}

/** A real relay that is shot at, and what it must still hold. */
export class FuzzedRelay {
  readonly relay: InhabitedRelay;
  readonly #local: LocalRelay;
  readonly #folder: string;
  #requests: readonly RequestSeed[] = [];
  #frames: readonly FrameSeed[] = [];
  #seededAt = 0;
  #holdings: Holdings | undefined;
  #sinceLook = 0;
  /** Requests that turned out to be genuine. */
  taken = 0;
  readonly answers = new Map<string, number>();

  private constructor(relay: InhabitedRelay, local: LocalRelay, folder: string) {
    this.relay = relay;
    this.#local = local;
    this.#folder = folder;
  }

  static async start(): Promise<FuzzedRelay> {
    const folder = await mkdtemp(join(tmpdir(), 'fuzzed-relay-'));
    const local = await startLocalRelay({ folder, port: 0 });
    const { url } = local;
    const connect = async (path: string, headers: Readonly<Record<string, string>> = {}): Promise<RawSocket> => {
      const socket = new WebSocket(url.replace('http', 'ws') + path, { headers });
      const raw = new RawSocket(socket);
      await new Promise((resolve, reject) => {
        socket.addEventListener('open', resolve);
        socket.addEventListener('error', () => reject(new Error(`${path} opens no socket`)));
      });
      return raw;
    };
    const file = JSON.parse(await readFile(join(folder, 'relay.json'), 'utf8')) as { checkpointKey: string };
    const caller = new RelayCaller({ url, fetch: (request) => fetch(request), connect, sign });
    const relay = await InhabitedRelay.inhabit(caller, fromBase64Url(file.checkpointKey) as Uint8Array);
    return new FuzzedRelay(relay, local, folder);
  }

  async stop(): Promise<void> {
    await this.#local.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Of the process that serves, in bytes. */
  residentBytes(): number {
    const status = readFileSync(`/proc/${this.#local.runtimePid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
  }

  /** Shoots so many requests, and a frame for every eighth; then everything that was taken must stand up to an audit. */
  async shoot(count: number): Promise<void> {
    const seed = fuzzSeed();
    const frames = Math.floor(count / 8);
    await fc.assert(
      fc.asyncProperty(requestMutants, (mutant) => this.#send(mutant)),
      { numRuns: count - frames, seed },
    );
    await fc.assert(
      fc.asyncProperty(frameMutants, (mutant) => this.#speak(mutant)),
      { numRuns: frames, seed },
    );
    await this.#look();
    for (const [chain, owner] of this.#chains()) await this.#audit(chain, owner);
  }

  /** The routes that have a seed. */
  async routes(): Promise<readonly string[]> {
    await this.#reseed();
    return this.#requests.map(({ route }) => route);
  }

  async #send(mutant: RequestMutant): Promise<void> {
    await this.#reseed();
    const { seed, request } = shotOf(this.relay.caller, this.#requests, mutant);
    const { method } = request;
    const startedAt = performance.now();
    const response = await this.relay.caller.fetch(request);
    const body = new Uint8Array(await response.arrayBuffer());
    expect(performance.now() - startedAt, `${method} ${request.url}`).toBeLessThan(SLOWEST_ANSWER_MS);
    this.#count(response.ok ? `${response.status}` : expectProblem(response, body, method));
    if (response.ok && isWrite(seed)) await this.#lookAtWrite(body);
    else await this.#lookNowAndThen();
  }

  async #speak(mutant: FrameMutant): Promise<void> {
    await this.#reseed();
    const { seed, frame } = frameOf(this.#frames, mutant);
    const { caller } = this.relay;
    const socket = mutant.isOpened ? await caller.subscribe(seed.reader, seed.path) : await caller.connect(seed.path);
    const before = socket.frames.length;
    socket.send(frame);
    // Nobody sends text: whatever the frame was, the socket ends at this, or has ended before.
    socket.send('');
    const late = setTimeout(() => socket.close(), SLOWEST_ANSWER_MS);
    const { code, reason } = await socket.closed;
    clearTimeout(late);
    expect(code, reason).toBe(CLOSE_REFUSED);
    expect(isProblemCode(reason), reason).toBe(true);
    const frames = socket.frames.slice(before);
    const own = frames.findLast(([kind]) => kind === PROBLEM);
    expect(decode(mailboxDownFrame, own ?? new Uint8Array()).ok).toBe(true);
    const answers = frames.filter(([kind]) => kind === APPENDED);
    this.#count(answers.length > 0 ? 'answered on a socket' : `${reason} on a socket`);
    // What was answered there, or acknowledged without an answer, may have been genuine; the audit will say.
    const mayBeGenuine = answers.length > 0 || seed.path.endsWith('/mailbox/stream');
    if (mayBeGenuine) this.#holdings = undefined;
    await this.#lookNowAndThen();
  }

  #count(what: string): void {
    this.answers.set(what, (this.answers.get(what) ?? 0) + 1);
  }

  async #reseed(): Promise<void> {
    if (Date.now() - this.#seededAt < SEEDS_LAST_MS) return;
    this.relay.forgetHeads();
    this.#requests = await requestSeeds(this.relay);
    this.#frames = await frameSeeds(this.relay);
    this.#seededAt = Date.now();
  }

  async #lookNowAndThen(): Promise<void> {
    if (++this.#sinceLook < LOOK_AFTER && this.#holdings !== undefined) return;
    await this.#look();
  }

  /** Nothing of what was refused since the last look may have changed anything. */
  async #look(): Promise<void> {
    this.#sinceLook = 0;
    const held = await this.#inventory();
    if (this.#holdings !== undefined) expect(held).toEqual(this.#holdings);
    this.#holdings = held;
  }

  /**
   * A write that was answered with success was genuine after all. Chains may then have grown by what the answer accepts, and
   * by nothing else; what the device holds is as the answer leaves it.
   */
  async #lookAtWrite(body: Uint8Array): Promise<void> {
    this.taken++;
    const before = this.#holdings?.chains;
    const after = await this.#inventory();
    this.#holdings = after;
    if (before === undefined) return;
    const grown = [...after.chains].flatMap(([chain, { size, digest }]) => {
      const was = before.get(chain);
      if (was?.size === size) expect(digest).toBe(was.digest);
      return size - (was?.size ?? 0);
    });
    const accepted = outcomesIn(body).filter(({ kind }) => kind === 'accepted').length;
    expect(grown.every((growth) => growth >= 0)).toBe(true);
    expect(grown.reduce((sum, growth) => sum + growth, 0)).toBeLessThanOrEqual(accepted);
  }

  #chains(): readonly (readonly [ChainId, TestActor])[] {
    const { alice, mallory, plain, other, encrypted, unborn, hers } = this.relay;
    return [...[plain, other, encrypted, unborn].map((chain) => [chain, alice] as const), [hers, mallory]];
  }

  async #inventory(): Promise<Holdings> {
    const { caller, bob } = this.relay;
    const chains = await Promise.all(
      this.#chains().map(async ([chain, owner]) => {
        const { index, digest } = await this.#state(chain, owner);
        return [toBase64Url(chain), { size: index + 1, digest: toHex(digest) }] as const;
      }),
    );
    const stock = caller.bytes(caller.signed(bob, { path: devicePath(bob, 'key-packages') }));
    const mail = await this.relay.mail(bob);
    // Looked at so often without being acknowledged, mail is set aside (`MX13`), and waits under its number all the same.
    const wasHeld = new Set(this.#holdings?.mail);
    const lasting = mail.filter(
      ({ kind, sequence }) => ['welcome', 'envelope'].includes(kind) || wasHeld.has(sequence),
    );
    return {
      chains: new Map(chains),
      stock: decodeTrusted(keyPackageStock, await stock).suites.reduce((sum, { available }) => sum + available, 0),
      mail: lasting.map(({ sequence }) => sequence),
    };
  }

  async #state(chain: ChainId, owner: TestActor) {
    const { caller } = this.relay;
    return decodeTrusted(stateAnswer, await caller.bytes(caller.signed(owner, { path: chainPath(chain, 'state') })));
  }

  /** Everything from entry 0: signatures, rules, tree, checkpoint and state. */
  async #audit(chain: ChainId, owner: TestActor): Promise<void> {
    const { digest, checkpoint } = await this.#state(chain, owner);
    const entries: Uint8Array[] = [];
    while (entries.length < Number(checkpoint.split('\n')[1])) {
      const page = await this.relay.caller.page(owner, chain, entries.length);
      expect(page.entries.length).toBeGreaterThan(0);
      entries.push(...page.entries.map(({ entry }) => entry));
    }
    const checker = createSignatureChecker({ verifyBatch: nodeVerifyBatch });
    const subject = { chain, batches: [entries], checkpoint: () => checkpoint, claimedDigest: digest };
    expect(await auditStateIntegrity(subject, (jobs) => checker.check(jobs))).toMatchObject({ ok: true });
  }
}

/** Of an answer to an append, as bytes or as the view that some mutant asked for; none in any other answer. */
function outcomesIn(body: Uint8Array): readonly { readonly kind: string }[] {
  const answer = decode(appendAnswer, body);
  if (answer.ok) return answer.value.outcomes;
  const text = new TextDecoder().decode(body);
  const view = text.startsWith('{') ? (JSON.parse(text) as { outcomes?: readonly { readonly kind: string }[] }) : {};
  return view.outcomes ?? [];
}

/** RFC 8410: what stands before a raw seed in PKCS #8. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

function sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  return signWithKey(null, message, key);
}

const APPENDED = 3;
const PROBLEM = 4;

/** A refusal by name, below 500 or one of the few 503 that say when to come back. Returns its code. */
function expectProblem(response: Response, body: Uint8Array, method: string): string {
  const { status, headers, url } = response;
  const text = new TextDecoder().decode(body);
  const about = `${method} ${url} answered ${status}: ${text}`;
  expect(status < 500, about).toBe(true);
  // The answer to HEAD has no body, and so no code.
  if (method === 'HEAD') return `HEAD ${status}`;
  expect(headers.get('content-type'), about).toBe('application/problem+json');
  const { code } = JSON.parse(text) as Problem;
  expect(isProblemCode(code), about).toBe(true);
  expect(problems[code].status, about).toBe(status);
  return code;
}
