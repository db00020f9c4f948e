import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import {
  appendAnswer,
  appendRequest,
  beginReplay,
  chainIdOf,
  chainOrigin,
  decodeTrusted,
  encode,
  entryPage,
  equalBytes,
  leafHash,
  memberAdded,
  memberRemoved,
  MemoryHistory,
  openCheckpoint,
  parseEntries,
  publicKeyOf,
  replayEntries,
  replayJobs,
  replayRoot,
  submission,
  toBase64Url,
  verifierKeyOf,
  type AppendAnswer,
  type ChainId,
  type EntryPage,
  type EventDefinition,
  type GrantedRole,
  type ReplayCursor,
  type Genesis,
  type Submission,
} from '../../../core/index.ts';
import type { ChainObject, RelayEnvironment } from '../../../durable-objects/index.ts';
import { ed25519Checker, ed25519Signer } from '../../../durable-objects/platform/ed25519.ts';
import type { Answer, Caller } from '../../../relay/index.ts';
import { signByPlatform, type Seen, type TestActor } from '../../support/test-actor.ts';
import { bytesFor } from '../bytes-for.ts';

export const T0 = 1_800_000_000_000;
const RELAY_NAME = 'localhost.terachat';
const RELAY_KEY = publicKeyOf(new Uint8Array(32));
const check = ed25519Checker();

signByPlatform((seed, message) => ed25519Signer(seed)(message));

let nextNonce = 0;

export function callerOf(actor: TestActor): Caller {
  return { actor: actor.key, nonce: bytesFor('nonce', nextNonce++, 16), expiresAt: T0 + 60_000 };
}

export function valueOf(answer: Answer): Uint8Array {
  if (!answer.ok) throw new Error(JSON.stringify(answer.error));
  return answer.value;
}

export function problemCode(answer: AppendAnswer, i = 0): string {
  const outcome = answer.outcomes[i];
  if (outcome?.kind !== 'refused') throw new Error('not refused');
  return (JSON.parse(outcome.value.problem) as { code: string }).code;
}

/** The object of a genesis that may not be founded, at a fixed time. */
export async function chainStub(genesis: Submission): Promise<DurableObjectStub<ChainObject>> {
  const id = chainIdOf({ tbs: genesis.event, signature: genesis.signature });
  const stub = (env as unknown as RelayEnvironment).CHAIN.getByName(toBase64Url(id));
  await setClock(stub, T0);
  return stub;
}

async function setClock(stub: DurableObjectStub<ChainObject>, time: number): Promise<void> {
  await runInDurableObject(stub, (instance) => {
    instance.clock = () => time;
  });
}

/** A founded plain group in a real object. */
export class TestChain {
  readonly stub: DurableObjectStub<ChainObject>;
  readonly id: ChainId;
  readonly founder: TestActor;
  readonly genesis: Submission;

  constructor(stub: DurableObjectStub<ChainObject>, founder: TestActor, genesis: Submission) {
    this.stub = stub;
    this.id = chainIdOf({ tbs: genesis.event, signature: genesis.signature });
    this.founder = founder;
    this.genesis = genesis;
  }

  static async found(founder: TestActor, parameters: Partial<Genesis> = {}): Promise<TestChain> {
    const genesis = founder.genesis({ relayName: RELAY_NAME, ...parameters }, T0);
    const stub = await chainStub(genesis);
    const chain = new TestChain(stub, founder, genesis);
    valueOf(await chain.object.found(encode(submission, genesis)));
    return chain;
  }

  /** The platform's RPC types turn a refusal's details into never; the object's own say what comes back. */
  get object(): ChainObject {
    return this.stub as unknown as ChainObject;
  }

  setClock(time: number): Promise<void> {
    return setClock(this.stub, time);
  }

  async append(...submissions: Submission[]): Promise<AppendAnswer> {
    return decodeTrusted(appendAnswer, valueOf(await this.object.append(encode(appendRequest, { submissions }))));
  }

  /** A strict event by the founder over the newest entry. */
  async change<Body>(definition: EventDefinition<Body>, body: Body): Promise<AppendAnswer> {
    const draft = { chain: this.id, seen: await this.head(), time: T0, type: definition.type };
    return this.append(this.founder.sign({ ...draft, body: definition.encodeBody(body) }));
  }

  add(actor: TestActor, role: GrantedRole = 'member'): Promise<AppendAnswer> {
    return this.change(memberAdded, { actor: actor.key, role });
  }

  remove(actor: TestActor): Promise<AppendAnswer> {
    return this.change(memberRemoved, { actor: actor.key });
  }

  async page(reader: TestActor, from = 0): Promise<EntryPage> {
    return decodeTrusted(entryPage, valueOf(await this.object.entries(callerOf(reader), from, 256)));
  }

  /** The newest entry as a reader sees it. */
  async head(reader = this.founder): Promise<Seen> {
    const entries = (await this.pages(reader)).flatMap((page) => page.entries);
    const index = entries.length - 1;
    return { index, hash: leafHash(entries[index]?.entry as Uint8Array) };
  }

  /** Everything that a reader gets; the newest checkpoint is in the last page. */
  async pages(reader: TestActor): Promise<readonly EntryPage[]> {
    const pages: EntryPage[] = [];
    let from = 0;
    for (;;) {
      const page = await this.page(reader, from);
      pages.push(page);
      from += page.entries.length;
      if (page.entries.length === 0 || from >= Number(page.checkpoint.split('\n')[1])) return pages;
    }
  }

  /** Replays everything that a reader gets and compares the root with the checkpoint. */
  async audit(reader = this.founder): Promise<ReplayCursor> {
    const pages = await this.pages(reader);
    const entries = pages.flatMap((page) => page.entries.map(({ entry }) => entry));
    return replayUnder(this.id, entries, pages.at(-1)?.checkpoint ?? '');
  }
}

/** Throws unless the entries are a valid log whose root the checkpoint signs. */
export function replayUnder(chain: ChainId, entries: readonly Uint8Array[], checkpoint: string): ReplayCursor {
  const batch = parseEntries(entries);
  const verdicts = check(replayJobs(batch));
  const replayed = replayEntries(beginReplay(chain), batch, verdicts, new MemoryHistory());
  if (!replayed.ok) throw new Error(JSON.stringify(replayed.error));
  const origin = chainOrigin(RELAY_NAME, chain);
  const logKey = verifierKeyOf(origin, 'ed25519', RELAY_KEY);
  const opened = openCheckpoint(checkpoint, { origin, logKey, verify: (jobs) => [...check(jobs)] });
  if (!opened.ok) throw new Error(opened.error.code);
  const { size, root } = opened.value.checkpoint;
  if (size !== entries.length || !equalBytes(root, replayRoot(replayed.value))) {
    throw new Error(`the checkpoint of size ${size} is not the root of ${entries.length} entries`);
  }
  return replayed.value;
}
