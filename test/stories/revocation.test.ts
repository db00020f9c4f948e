import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { memoryStorage, type ConnectOptions, type Fetch, type Group, type Session } from '../../sdk/index.ts';
import { nodePlatform } from '../../sdk/node/index.ts';
import { invitationTo, Stage, textsOf } from './stage.ts';

let stage: Stage;
const WAIT = { timeout: 60_000, interval: 50 };
/** Waits are cut short: nobody stands before a screen here. */
const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 30)));

beforeAll(async () => {
  stage = await Stage.share();
});

afterAll(() => stage.strike());

function blank(options: Partial<ConnectOptions> = {}): Promise<Session> {
  return stage.connect(memoryStorage(), stage.relay.url, { delay, ...options });
}

async function founded(options: Partial<ConnectOptions> = {}): Promise<Session> {
  const session = await blank(options);
  await session.createIdentity();
  return session;
}

/** An account of two devices. */
async function desktop(phone: Session): Promise<Session> {
  const desk = await founded();
  let joined: Promise<unknown> = Promise.resolve();
  const code = await new Promise<string>((onOffer, reject) => {
    joined = phone.joinAccount({ name: 'phone', onOffer, onCheck: () => undefined });
    joined.catch(reject);
  });
  const request = await desk.account.pair(code);
  await request.accept();
  await joined;
  return desk;
}

async function join(session: Session, { id }: Group): Promise<Group> {
  return (await invitationTo(session, id)).accept();
}

/** Something happens once, before the next commit of this client leaves. */
function beforeCommit(): { readonly fetch: Fetch; then(happens: () => Promise<void>): void } {
  const line = nodePlatform().fetch ?? fetch;
  let next: (() => Promise<void>) | undefined;
  return {
    fetch: async (url, init) => {
      const happens = url.endsWith('/commits') ? next : undefined;
      if (happens !== undefined) next = undefined;
      await happens?.();
      return line(url, init);
    },
    then: (happens) => (next = happens),
  };
}

async function actorsOf(group: Group): Promise<string[]> {
  await group.catchUp();
  return (await group.members()).map(({ actor }) => actor);
}

/** Until the relay has told the group of it, and a member who only looks in has taken the leaf out by new keys. */
async function untilRotated(group: Group, session: Session): Promise<void> {
  const before = await group.view();
  await vi.waitFor(async () => {
    await group.catchUp();
    expect((await group.view()).epoch).toBeGreaterThan(before.epoch);
    expect(await actorsOf(group)).not.toContain(session.identity!.actor);
  }, WAIT);
}

describe('a device that its account revokes', () => {
  test('[NA6, NA13, NA15, NA17, CL40] while it is away, never reads or writes again, and the group goes on with other keys', async () => {
    const [alice, phone] = [await founded(), await blank()];
    const desk = await desktop(phone);
    const group = await alice.createGroup();
    await group.invite(phone.identity!.actor);
    const onPhone = await join(phone, group);
    await onPhone.nameAccount(phone.account.id);
    await group.catchUp();
    const [me, gone] = [desk, phone].map(({ identity }) => identity!.actor);
    const followed = (standing: string) => [
      {
        id: desk.account.id,
        size: standing === 'in' ? 2 : 3,
        devices: [
          { actor: me, name: '', standing: 'out' },
          { actor: gone, name: 'phone', standing },
        ],
      },
    ];
    expect(await group.accounts()).toEqual(followed('in'));
    await vi.waitFor(
      async () => expect(await desk.account.reach()).toMatchObject({ groups: 1, isComplete: true }),
      WAIT,
    );
    const { index } = await desk.account.revoke(phone.identity!.actor, { reason: 'lost' });
    const complete = { size: index + 1, groups: 1, behind: 0, lagging: [], isComplete: true };
    expect(await desk.account.untilReached({ index })).toEqual(complete);
    await expect(phone.account.reach()).rejects.toMatchObject({ code: 'not-found' });
    await untilRotated(group, phone);
    expect(await group.accounts()).toEqual(followed('revoked'));
    await group.send('among us');
    await expect(onPhone.send('still here')).rejects.toMatchObject({ code: 'removed' });
    await onPhone.catchUp();
    expect((await onPhone.view()).status).toMatchObject({ kind: 'removed' });
    expect(await textsOf(onPhone)).toEqual([]);
    expect(await textsOf(group)).toEqual(['among us']);
    await expect(phone.inbox()).rejects.toMatchObject({ code: 'device-revoked' });
  });

  test('[NA6, NA15] while it commits, changes nothing any more', async () => {
    const line = beforeCommit();
    const [alice, phone] = [await founded(), await blank({ fetch: line.fetch })];
    const desk = await desktop(phone);
    const group = await alice.createGroup();
    await group.invite(phone.identity!.actor);
    const onPhone = await join(phone, group);
    await onPhone.nameAccount(phone.account.id);
    line.then(async () => {
      await desk.account.revoke(phone.identity!.actor, { reason: 'lost' });
    });
    // Either the import came first, or the commit and then the import: it is never in after the one that takes it out.
    await onPhone.rotate().catch((error: unknown) => {
      expect(['removed', 'actor-removed']).toContain((error as { readonly code: string }).code);
    });
    await untilRotated(group, phone);
    await expect(onPhone.rotate()).rejects.toMatchObject({ code: 'removed' });
  });

  test('[NA7, NA14] while it is added somewhere else, is not let in, whoever holds a KeyPackage of it', async () => {
    const line = beforeCommit();
    const [alice, phone] = [await founded({ fetch: line.fetch }), await blank()];
    const desk = await desktop(phone);
    const group = await alice.createGroup();
    await group.invite(desk.identity!.actor);
    const onDesk = await join(desk, group);
    await onDesk.nameAccount(desk.account.id);
    await group.catchUp();
    const { size } = await group.view();
    line.then(async () => {
      await desk.account.revoke(phone.identity!.actor, { reason: 'lost' });
      await vi.waitFor(async () => {
        await onDesk.catchUp();
        expect((await onDesk.view()).size).toBe(size + 1);
      }, WAIT);
    });
    await expect(group.invite(phone.identity!.actor)).rejects.toThrow();
    expect(await actorsOf(group)).toEqual([alice, desk].map((session) => session.identity!.actor));
    await expect(group.invite(phone.identity!.actor)).rejects.toThrow();
  });
});
