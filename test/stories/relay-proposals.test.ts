import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { decodeTrusted, entryPage, mlsCommit, mlsProposal, parseEntries } from '../../core/index.ts';
import { parseCommitMessage } from '../../core/mls/index.ts';
import { memoryStorage, type Group, type GroupOptions, type Session } from '../../sdk/index.ts';
import { valueOf } from '../sdk/mls/people.ts';
import { invitationTo, Stage } from './stage.ts';

let stage: Stage;
let alice: Session;

beforeAll(async () => {
  stage = await Stage.share();
  alice = await founded();
});

afterAll(() => stage.strike());

/** Waits are cut short: nobody stands before a screen here, and members may race. */
const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 30)));

function blank(): Promise<Session> {
  return stage.connect(memoryStorage(), stage.relay.url, { delay });
}

async function founded(): Promise<Session> {
  const session = await blank();
  await session.createIdentity();
  return session;
}

/** Someone with a desk and a phone, in a group of Alice's that names their account. */
async function company(options: GroupOptions) {
  const [desk, phone] = [await founded(), await blank()];
  let joined: Promise<unknown> = Promise.resolve();
  const code = await new Promise<string>((onOffer, reject) => {
    joined = phone.joinAccount({ name: 'phone', onOffer, onCheck: () => undefined });
    joined.catch(reject);
  });
  await (await desk.account.pair(code)).accept();
  await joined;
  // Public, so that what the log holds can be seen without a member reading it, and acting on it.
  const hers = await alice.createGroup({ visibility: 'public', ...options });
  await hers.invite([desk, phone].map(({ identity }) => identity!.actor));
  const onDesk = await (await invitationTo(desk, hers.id)).accept();
  const onPhone = await (await invitationTo(phone, hers.id)).accept();
  await onDesk.nameAccount(desk.identity!.chain);
  return { desk, phone, hers, onDesk, onPhone };
}

async function logOf({ id }: Group) {
  const answer = await fetch(new URL(`/v1/chains/${id}/entries?from=0`, stage.relay.url));
  const { entries } = decodeTrusted(entryPage, new Uint8Array(await answer.arrayBuffer()));
  const { steps } = parseEntries(entries.map(({ entry }) => entry));
  return entries.map(({ payload }, i) => ({ payload, event: steps[i]!.signed.event }));
}

async function removalOf({ hers, phone, onDesk }: Awaited<ReturnType<typeof company>>) {
  const actor = phone.identity!.actor;
  const members = async (): Promise<string[]> => (await hers.members()).map((member) => member.actor);
  await vi.waitFor(
    async () => {
      await hers.catchUp();
      expect(await members()).not.toContain(actor);
      expect((await hers.view()).epoch).toBe(2);
    },
    { timeout: 60_000, interval: 50 },
  );
  await onDesk.catchUp();
  await onDesk.send('without the phone');
  expect(await onDesk.view()).toMatchObject({ epoch: 2, size: (await logOf(hers)).length });
  const commit = (await logOf(hers)).findLast(({ event }) => event.type === mlsCommit.type)!;
  return valueOf(parseCommitMessage(commit.payload!)).proposals.map(({ kind }) => kind);
}

test('[NA16] [ML82] a member commits what the relay proposes of a device that its account revoked', async () => {
  const group = await company({});
  await group.desk.account.revoke(group.phone.identity!.actor, { reason: 'lost' });
  const isProposed = async (): Promise<boolean> =>
    (await logOf(group.hers)).some(({ event }) => event.type === mlsProposal.type);
  await vi.waitFor(async () => expect(await isProposed()).toBe(true), { timeout: 60_000, interval: 20 });
  expect(await removalOf(group)).toEqual(['reference']);
  await expect(group.onPhone.send('still here?')).rejects.toMatchObject({ code: 'removed' });
});

test('[NA16] [NA15] a group whose founder wants no proposals of the relay takes the device out all the same', async () => {
  const group = await company({ relayProposals: false });
  await group.desk.account.revoke(group.phone.identity!.actor, { reason: 'lost' });
  expect(await removalOf(group)).toEqual(['remove']);
  expect((await logOf(group.hers)).some(({ event }) => event.type === mlsProposal.type)).toBe(false);
});
