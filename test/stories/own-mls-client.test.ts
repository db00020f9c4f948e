import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  bytesToUtf8,
  concatBytes,
  equalBytes,
  fromBase64Url,
  groupMessage,
  leafHash,
  parseActorKey,
  signEd25519,
  toBase64Url,
  type ActorKey,
} from '../../core/index.ts';
import {
  encodeAuthenticatedData,
  encodeCredentialIdentity,
  bindingContent,
  DEFAULT_SUITE,
} from '../../core/mls/index.ts';
import type { Group } from '../../sdk/index.ts';
import {
  acceptOwnCommit,
  commit,
  createGroup,
  createMlsIdentity,
  decrypt,
  encrypt,
  joinGroup,
  newKeyPackage,
  type GroupState,
  type MlsIdentity,
} from '../../sdk/mls/index.ts';
import { valueOf } from '../sdk/mls/people.ts';
import { Guide } from '../support/guide.ts';
import { soleInvitation, Stage, textsOf } from './stage.ts';

/** The guide's client, as far as it is used here. */
interface Client {
  readonly actor: Uint8Array;
  readonly seed: Uint8Array;
}
interface Place {
  readonly chain: Uint8Array;
  readonly index: number;
  readonly hash: Uint8Array;
}
interface Entry {
  readonly bytes: Uint8Array;
  readonly event: { readonly type: number; readonly body: Uint8Array };
  readonly payload: Uint8Array | undefined;
}
interface Mail {
  readonly sequence: number;
  readonly kind: string;
  readonly chain: Uint8Array;
  readonly index: number;
  readonly content: Uint8Array;
}
interface Modules {
  clientOf(relay: string, seed: Uint8Array): Client;
  credentialIdentity(client: Client, signatureKey: Uint8Array): Uint8Array;
  authenticatedData(client: Client, eventId: Uint8Array): Uint8Array;
  foundGroup(client: Client, mls: Library): Promise<Place>;
  invite(client: Client, place: Place, device: Uint8Array, mls: Library): Promise<Place>;
  say(client: Client, place: Place, text: string, mls: Library): Promise<Place>;
  read(client: Client, chain: Uint8Array, from: number): Promise<readonly Entry[]>;
  treeAfter(client: Client, chain: Uint8Array, event: Entry['event']): Promise<Uint8Array>;
  publish(client: Client, count: number, mls: Library): Promise<void>;
  fetchMail(client: Client): Promise<readonly Mail[]>;
  acknowledge(client: Client, upTo: number): Promise<void>;
}

/** An MLS library in the shape that the guide asks for. */
class Library {
  readonly #identity: MlsIdentity;
  readonly #privateStates: Uint8Array[] = [];
  #state: GroupState | undefined;

  constructor(identity: MlsIdentity) {
    this.#identity = identity;
  }

  static async for({ seed, actor }: Client): Promise<Library> {
    const sign = (message: Uint8Array): Uint8Array => signEd25519(seed, message);
    return new this(await createMlsIdentity({ actor: parseActorKey(actor) as ActorKey, sign }));
  }

  async createGroup(groupId: Uint8Array): Promise<{ groupInfo: Uint8Array; treeHash: Uint8Array }> {
    const { state, ...founded } = await createGroup({ groupId, identity: this.#identity, nowMs: Date.now() });
    this.#state = state;
    return founded;
  }

  async newKeyPackage(): Promise<Uint8Array> {
    const { message, privateState } = await newKeyPackage(this.#identity, { nowMs: Date.now() });
    this.#privateStates.push(privateState);
    return message;
  }

  async add(keyPackage: Uint8Array, authenticatedData: Uint8Array) {
    const made = valueOf(await commit(this.state, { add: [keyPackage], authenticatedData, nowMs: Date.now() }));
    this.#state = valueOf(acceptOwnCommit(this.state, made));
    return { ...made, welcome: made.welcome ?? new Uint8Array() };
  }

  async encrypt(content: Uint8Array, authenticatedData: Uint8Array) {
    const { epoch } = this.state;
    const { state, message } = valueOf(await encrypt(this.state, content, authenticatedData));
    this.#state = state;
    return { epoch, message };
  }

  async join(welcome: Uint8Array, ratchetTree: Uint8Array): Promise<void> {
    for (const privateState of this.#privateStates) {
      const joined = await joinGroup(welcome, privateState, ratchetTree);
      if (joined.ok) this.#state = joined.value.state;
    }
  }

  async decrypt(message: Uint8Array): Promise<string | undefined> {
    const { state, plaintext } = valueOf(await decrypt(this.state, message));
    this.#state = state;
    return bytesToUtf8(plaintext);
  }

  get state(): GroupState {
    if (this.#state === undefined) throw new Error('in no group yet');
    return this.#state;
  }
}

let stage: Stage;
let guide: Guide;
let modules: Modules;

beforeAll(async () => {
  stage = await Stage.share();
  guide = await Guide.open('own-mls-client');
  const files = ['request', 'events', 'mls', 'group', 'messages', 'device'];
  const loaded = await Promise.all(files.map((file) => guide.import(`own-client/${file}.ts`)));
  modules = Object.assign({}, ...(loaded as object[])) as Modules;
});

afterAll(async () => {
  await guide.close();
  await stage.strike();
});

function newClient(): Client {
  return modules.clientOf(stage.relay.url, crypto.getRandomValues(new Uint8Array(32)));
}

const isMessage = ({ event }: Entry): boolean => event.type === groupMessage.type;

test('a client written from the guide founds a group, invites somebody who uses the SDK, and the two talk', async () => {
  const rita = newClient();
  const mls = await Library.for(rita);
  const bob = await stage.person();
  const bobsKey = fromBase64Url(bob.identity?.actor ?? '') ?? new Uint8Array();

  const founded = await modules.foundGroup(rita, mls);
  const invited = await modules.invite(rita, founded, bobsKey, mls);
  const invitation = await soleInvitation(bob);
  expect(invitation).toMatchObject({ group: toBase64Url(founded.chain), inviter: toBase64Url(rita.actor) });
  const his = await invitation.accept();

  await modules.say(rita, invited, 'from another client', mls);
  await his.catchUp();
  await his.send('from the SDK');
  expect(await textsOf(his)).toEqual(['from another client', 'from the SDK']);

  const entries = await modules.read(rita, founded.chain, 0);
  const last = entries.filter(isMessage).at(-1);
  expect(await mls.decrypt(last?.payload ?? new Uint8Array())).toBe('from the SDK');
  expect(equalBytes(leafHash(entries[invited.index]?.bytes ?? new Uint8Array()), invited.hash)).toBe(true);
});

/** Rita comes into a group by its owner's invitation, reads what is said, and answers. */
async function comeInAndAnswer(hers: Group, rita: Client, mls: Library): Promise<void> {
  await modules.publish(rita, 3, mls);
  const { index } = await hers.invite(toBase64Url(rita.actor));
  await hers.send('welcome');

  await expect.poll(() => modules.fetchMail(rita), { timeout: 60_000 }).toSatisfy(holdsWelcome);
  const welcome = (await modules.fetchMail(rita)).find(({ kind }) => kind === 'welcome');
  expect(welcome).toMatchObject({ index });
  const chain = welcome?.chain ?? new Uint8Array();
  const entries = await modules.read(rita, chain, 0);
  const tree = await modules.treeAfter(rita, chain, entries[index]!.event);
  await mls.join(welcome?.content ?? new Uint8Array(), tree);
  const message = entries.find(isMessage);
  expect(await mls.decrypt(message?.payload ?? new Uint8Array())).toBe('welcome');

  const head = { chain, index: entries.length - 1, hash: hashOfLast(entries) };
  await modules.say(rita, head, 'thank you', mls);
  await hers.catchUp();
  expect(await textsOf(hers)).toEqual(['welcome', 'thank you']);
}

test('a client written from the guide is invited by somebody who uses the SDK, and answers', async () => {
  const rita = newClient();
  const alice = await stage.person();
  await comeInAndAnswer(await alice.createGroup(), rita, await Library.for(rita));
  const mail = await modules.fetchMail(rita);
  await modules.acknowledge(rita, mail.at(-1)?.sequence ?? 0);
  // A late poke may have come meanwhile.
  expect((await modules.fetchMail(rita)).map(({ sequence }) => sequence)).not.toContain(mail.at(-1)?.sequence);
  expect(await modules.fetchMail(rita)).not.toSatisfy(holdsWelcome);
});

/** A library that lets nobody write `authenticated_data`. */
class TerseLibrary extends Library {
  override encrypt(content: Uint8Array): ReturnType<Library['encrypt']> {
    return super.encrypt(content, new Uint8Array());
  }
}

test('[ML4, GR8] a client that names no event is understood where the genesis leaves that open, and the group says so', async () => {
  const rita = newClient();
  const alice = await stage.person();
  const hers = await alice.createGroup({ authenticatedData: 'optional' });
  const { guarantees } = await hers.view();
  expect(guarantees.filter(({ holds }) => !holds)).toEqual([
    { name: 'bound-messages', holds: false, meaning: 'Nothing but its sender ties a message to its entry.' },
  ]);
  await comeInAndAnswer(hers, rita, await TerseLibrary.for(rita));
  const usual = await alice.createGroup();
  expect((await usual.view()).guarantees.every(({ holds }) => holds)).toBe(true);
});

test('what the guide says of bindings and authenticated data is what the protocol makes of them', () => {
  const rita = newClient();
  const signatureKey = new Uint8Array(32).fill(5);
  const binding = signEd25519(rita.seed, bindingContent(DEFAULT_SUITE.id, signatureKey));
  expect(modules.credentialIdentity(rita, signatureKey)).toEqual(
    encodeCredentialIdentity({ actor: rita.actor, binding }),
  );
  const eventId = new Uint8Array(16).fill(3);
  const data = encodeAuthenticatedData({ actor: rita.actor, eventId });
  expect(modules.authenticatedData(rita, eventId)).toEqual(data);
  expect(data).toEqual(concatBytes(rita.actor, eventId));
});

function holdsWelcome(mail: readonly Mail[]): boolean {
  return mail.some(({ kind }) => kind === 'welcome');
}

function hashOfLast(entries: readonly Entry[]): Uint8Array {
  return leafHash(entries.at(-1)?.bytes ?? new Uint8Array());
}
