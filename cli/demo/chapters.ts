import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Claims } from './claims.ts';
import { findItGone, saySomethingPassing } from './forgetting-chapter.ts';
import { loseNodes } from './storage-chapter.ts';
import type { Document, Stage } from './stage.ts';

const PEOPLE = ['alice', 'bob', 'carol'] as const;
const GROUP = 'friends';
const WHILE_BOB_IS_AWAY = [
  ['alice', 'The harbour at nine?'],
  ['carol', 'Nine is early. Ten.'],
  ['alice', 'Ten it is. Bring the red lantern.'],
  ['carol', 'And bread.'],
] as const;
const AFTER_CAROL = 'The new meeting place is the lighthouse.';
/** How often files are looked through that go away meanwhile. */
const MAX_LOOKS = 10;

/** The main job, chapter by chapter; each ends when its claims hold. */
export async function play(stage: Stage, claims: Claims): Promise<void> {
  await arrive(stage, claims);
  await meet(stage, claims);
  const passing = await saySomethingPassing(stage, claims);
  await loseNodes(stage, claims, GROUP);
  await talkWithoutBob(stage, claims);
  await returnOfBob(stage, claims);
  await removeCarol(stage, claims);
  await killRelay(stage, claims);
  await auditEverything(stage, claims);
  await changeOneByte(stage, claims);
  await findItGone(stage, claims, passing);
}

async function arrive(stage: Stage, claims: Claims): Promise<void> {
  claims.chapter('A relay, and three people who make identities');
  const { url } = await stage.startRelay();
  const health = await fetch(`${url}/healthz`);
  claims.that(`the relay answers at ${url}`, health.ok, health.status);
  const made = await Promise.all(PEOPLE.map((person) => stage.ask(person, 'init', '--relay', url)));
  claims.that('Alice, Bob and Carol have keys of their own', new Set(made.map(({ actor }) => actor)).size === 3);
  const audits = await Promise.all(made.map(({ chain }, i) => stage.ask(PEOPLE[i] as string, 'audit', String(chain))));
  claims.that(
    'the chain of each identity verifies',
    audits.every(({ ok }) => ok === true),
  );
}

async function meet(stage: Stage, claims: Claims): Promise<void> {
  claims.chapter('Alice founds an encrypted group and invites both');
  const { epoch: founded } = await afterCreating(stage);
  claims.same('the group begins at epoch 0 with Alice alone', founded, 0);
  await stage.ask('alice', 'group', 'invite', GROUP, 'bob');
  const { epoch } = await stage.ask('alice', 'group', 'invite', GROUP, 'carol');
  claims.same('each invitation changed the keys: epoch 2', epoch, 2);
  const invited = await stage.ask('bob', 'inbox');
  const [invitation] = invited['invitations'] as readonly Document[];
  claims.same(
    'Bob finds the invitation in his mailbox, from Alice',
    invitation?.['inviter'],
    await keyOf(stage, 'alice'),
  );
  await Promise.all(['bob', 'carol'].map((person) => stage.ask(person, 'group', 'join', '--name', GROUP)));
  const views = await Promise.all(PEOPLE.map((person) => stage.ask(person, 'group', 'members', GROUP)));
  claims.that('all three see the same members', new Set(views.map(rosterOf)).size === 1, views.map(rosterOf));
  claims.that('and verified the same head of the log', new Set(views.map(({ head }) => head)).size === 1);
}

async function afterCreating(stage: Stage): Promise<Document> {
  await stage.ask('alice', 'group', 'create', GROUP);
  return stage.ask('alice', 'group', 'members', GROUP);
}

async function talkWithoutBob(stage: Stage, claims: Claims): Promise<void> {
  claims.chapter('They talk while Bob is offline');
  const indexes: number[] = [];
  for (const [person, words] of WHILE_BOB_IS_AWAY) {
    indexes.push(Number((await stage.ask(person, 'send', GROUP, words))['index']));
  }
  const first = indexes[0] as number;
  claims.same('four messages stand in the log in the order of their sending', indexes, [
    first,
    first + 1,
    first + 2,
    first + 3,
  ]);
  const stored = await allFiles(stage.relayFolder);
  claims.that(
    "the relay's files hold something",
    stored.some((bytes) => bytes.length > 0),
  );
  const leaked = WHILE_BOB_IS_AWAY.filter(([, words]) => stored.some((bytes) => bytes.includes(words)));
  claims.same('and none of the words', leaked, []);
}

async function returnOfBob(stage: Stage, claims: Claims): Promise<void> {
  claims.chapter('Bob comes back');
  const { news } = await stage.ask('bob', 'inbox');
  claims.that('his mailbox tells him that the group has news', (news as readonly unknown[]).length === 1, news);
  const read = await messagesOf(stage, 'bob');
  claims.same(
    'he reads everything, in order',
    read.slice(-WHILE_BOB_IS_AWAY.length),
    WHILE_BOB_IS_AWAY.map(([, words]) => words),
  );
}

async function removeCarol(stage: Stage, claims: Claims): Promise<void> {
  claims.chapter('Carol is removed, and the keys rotate');
  const before = await epochState(stage);
  await stage.ask('alice', 'group', 'remove', GROUP, 'carol');
  await stage.ask('bob', 'group', 'rotate', GROUP);
  const after = await epochState(stage);
  claims.same('the removal and a rotation made two new epochs', after.epoch, before.epoch + 2);
  claims.that('with another ratchet tree, so with other keys', after.treeHash !== before.treeHash);
  await stage.ask('alice', 'send', GROUP, AFTER_CAROL);
  claims.that('Bob reads what is said now', (await messagesOf(stage, 'bob')).includes(AFTER_CAROL));
  const carol = await messagesOf(stage, 'carol');
  claims.that(
    'Carol reads nothing of it',
    !carol.includes(AFTER_CAROL) && carol.length === WHILE_BOB_IS_AWAY.length,
    carol,
  );
  const refused = await stage.run('carol', 'send', GROUP, 'Still here?');
  claims.that('and can send nothing', refused.exitCode !== 0, refused.exitCode);
}

async function killRelay(stage: Stage, claims: Claims): Promise<void> {
  claims.chapter('The relay is killed and started again');
  const { url } = stage.relay;
  const before = await stage.ask('alice', 'audit', GROUP);
  await stage.killRelay();
  const refused = await fetch(`${url}/healthz`)
    .then(() => false)
    .catch(() => true);
  claims.that('nothing answers any more', refused);
  const offline = await stage.run('alice', 'send', GROUP, 'Anyone?');
  claims.same('a message meanwhile fails as unreachable, not as sent', offline.exitCode, 4);
  await stage.startRelay();
  const after = await stage.ask('alice', 'audit', GROUP);
  claims.that('every entry is there again', Number(after['size']) >= Number(before['size']), after['size']);
  await stage.ask('bob', 'send', GROUP, 'I am back.');
  claims.that('and the conversation goes on', (await messagesOf(stage, 'alice')).includes('I am back.'));
}

async function auditEverything(stage: Stage, claims: Claims): Promise<void> {
  claims.chapter("Everyone's view verifies");
  const alice = await stage.ask('alice', 'audit', GROUP, '--save', stage.file('friends.log'));
  const bob = await stage.ask('bob', 'audit', GROUP);
  claims.same('Alice and Bob replay the same log to the same root', bob['root'], alice['root']);
  claims.same('and to the same state', bob['stateDigest'], alice['stateDigest']);
  const carol = await stage.ask('carol', 'audit', GROUP);
  claims.that(
    'Carol verifies hers up to her removal',
    carol['ok'] === true && Number(carol['size']) < Number(alice['size']),
  );
}

async function changeOneByte(stage: Stage, claims: Claims): Promise<void> {
  claims.chapter('A byte is changed in a copy of the log');
  const copy = stage.file('friends.log');
  const honest = await stage.ask('alice', 'audit', '--file', copy);
  claims.that('the copy verifies without a relay', honest['ok'] === true);
  const target = Number(honest['size']) - 3;
  const forged = stage.file('forged.log');
  await writeFile(forged, await withSignatureByteChanged(copy, target));
  const found = await stage.run('alice', 'audit', '--file', forged);
  claims.same('with one byte of one entry changed it does not', [found.exitCode, found.error], [3, 'bad-signature']);
  claims.that(`and the audit names it: entry ${target}`, found.message.startsWith(`entry ${target}:`), found.message);
}

/** The signature ends an entry, so its last byte is the entry's. */
async function withSignatureByteChanged(path: string, index: number): Promise<Uint8Array> {
  const { encodeLogCopy, parseLogCopy } = await import('../../core/index.ts');
  const copy = parseLogCopy(new Uint8Array(await readFile(path)));
  if (!copy.ok) throw new Error('the saved log does not parse');
  const entries = copy.value.entries.map((entry) => entry.slice());
  const entry = entries[index] as Uint8Array;
  entry[entry.length - 1] = (entry.at(-1) as number) ^ 1;
  return encodeLogCopy({ ...copy.value, entries });
}

async function keyOf(stage: Stage, person: string): Promise<unknown> {
  return (await stage.ask(person, 'whoami'))['actor'];
}

function rosterOf({ members }: Document): string {
  return JSON.stringify((members as readonly Document[]).map(({ actor, role }) => [actor, role]));
}

/** The words that somebody can read, in order; what is sealed to them, and pictures, are left out. */
async function messagesOf(stage: Stage, person: string): Promise<readonly unknown[]> {
  const { documents } = await stage.run(person, 'read', GROUP);
  return documents.filter(({ kind, text }) => kind === 'message' && text !== null).map(({ text }) => text);
}

/** What the log itself says of the group's keys, as Bob has verified it. */
async function epochState(stage: Stage): Promise<{ readonly epoch: number; readonly treeHash: unknown }> {
  const { id, epoch } = await stage.ask('bob', 'group', 'members', GROUP);
  const { body } = await stage.ask('bob', 'request', 'GET', `/v1/chains/${String(id)}/state`);
  const { mls } = (body as { state: { value: { mls: { treeHash: string } } } }).state.value;
  return { epoch: Number(epoch), treeHash: mls.treeHash };
}

/** Looks again where a file went away meanwhile: a database that is closed takes its journal in, and what that held is elsewhere. */
async function allFiles(folder: string): Promise<readonly Buffer[]> {
  for (let look = 1; ; look++) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    try {
      return await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name))));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT' || look === MAX_LOOKS) throw cause;
    }
  }
}
