import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryStorage, type PairingRequest, type Session, type Storage } from '../../sdk/index.ts';
import { invitationTo, Stage, textsOf } from './stage.ts';

let stage: Stage;
/** Waits are cut short: nobody stands before a screen here. */
const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 30)));

beforeAll(async () => {
  stage = await Stage.share();
});

afterAll(() => stage.strike());

function blank(storage: Storage = memoryStorage()): Promise<Session> {
  return stage.connect(storage, stage.relay.url, { delay });
}

async function founded(): Promise<Session> {
  const session = await blank();
  await session.createIdentity();
  return session;
}

interface Pairing {
  readonly request: PairingRequest;
  /** What the new device showed. */
  readonly shown: { check: string; introducer: string };
  readonly joined: Promise<unknown>;
}

async function pairing(old: Session, newcomer: Session, name: string, signal?: AbortSignal): Promise<Pairing> {
  const shown = { check: '', introducer: '' };
  let joined: Promise<unknown> = Promise.resolve();
  const code = await new Promise<string>((onOffer, reject) => {
    const onCheck = (check: string, introducer: string): void => void Object.assign(shown, { check, introducer });
    joined = newcomer.joinAccount({ name, onOffer, onCheck, signal: signal ?? new AbortController().signal });
    joined.catch(reject);
  });
  return { request: await old.account.pair(code), shown, joined };
}

async function pair(old: Session, newcomer: Session, name: string): Promise<void> {
  const { request, joined } = await pairing(old, newcomer, name);
  await request.accept();
  await joined;
}

const namesOf = async (session: Session): Promise<string[]> =>
  (await session.account.view()).devices.filter(({ until }) => until === undefined).map(({ name }) => name);

describe('an account', () => {
  test('[ID12, ID13, ID14, ID15] takes in a second device by a code; both show the same check, and both see the same account', async () => {
    const [desk, phone] = [await founded(), await blank()];
    const { request, shown, joined } = await pairing(desk, phone, 'phone');
    expect(shown).toEqual({ check: request.check, introducer: desk.identity!.actor });
    expect(request.check).toMatch(/^[a-z2-7]{4}(-[a-z2-7]{4}){3}$/);
    expect(request.name).toBe('phone');
    expect(await namesOf(desk)).toEqual(['']);
    await request.accept();
    await joined;
    expect(phone.identity!.chain).toBe(desk.identity!.chain);
    expect(phone.identity!.actor).toBe(request.device);
    await desk.account.rename(desk.identity!.actor, 'desk');
    expect(await Promise.all([namesOf(desk), namesOf(phone)])).toEqual([
      ['desk', 'phone'],
      ['desk', 'phone'],
    ]);
    expect((await phone.account.view()).devices.map(({ isMe }) => isMe)).toEqual([false, true]);
  });

  test('[ID6] a device that another revokes reads up to that, and changes nothing more', async () => {
    const [desk, phone] = [await founded(), await blank()];
    await pair(desk, phone, 'phone');
    const { index } = await desk.account.revoke(phone.identity!.actor, { reason: 'lost' });
    await desk.account.rename(desk.identity!.actor, 'after');
    expect(await phone.account.view()).toMatchObject({ status: { kind: 'revoked', index }, size: index + 1 });
    await expect(phone.account.rename(desk.identity!.actor, 'mine')).rejects.toMatchObject({ code: 'actor-removed' });
    await expect(desk.account.revoke(desk.identity!.actor)).rejects.toMatchObject({ code: 'last-device' });
  });

  test('[ID13] nobody comes in by a code that is cut short, of another’s making, or too old', async () => {
    const [desk, phone] = [await founded(), await blank()];
    await expect(desk.account.pair('nonsense')).rejects.toMatchObject({ code: 'pairing-code-invalid' });
    let code = '';
    const joining = phone.joinAccount({
      name: 'phone',
      onOffer: (offer) => (code = offer),
      onCheck: () => undefined,
      lifetimeMs: 300,
    });
    await expect(joining).rejects.toMatchObject({ code: 'pairing-expired' });
    await expect(desk.account.pair(code)).rejects.toMatchObject({ code: 'pairing-expired' });
    expect(phone.identity).toBeUndefined();
    await expect(
      desk.joinAccount({ name: 'x', onOffer: () => undefined, onCheck: () => undefined }),
    ).rejects.toMatchObject({
      code: 'identity-exists',
    });
  });

  test('[ID15] whoever answers a code for an account of their own is seen by the check', async () => {
    const [desk, mallory, phone] = [await founded(), await founded(), await blank()];
    const stop = new AbortController();
    const { request, shown, joined } = await pairing(mallory, phone, 'phone', stop.signal);
    expect(shown).toEqual({ check: request.check, introducer: mallory.identity!.actor });
    stop.abort();
    await expect(joined).rejects.toMatchObject({ name: 'AbortError' });
    const again = await pairing(desk, phone, 'phone');
    expect(again.request.check).not.toBe(request.check);
    expect(again.shown.check).toBe(again.request.check);
    await again.request.accept();
    await again.joined;
    expect(phone.identity!.chain).toBe(desk.identity!.chain);
  });

  test('[ID14] a new device that was stopped after it was let in finds itself in', async () => {
    const desk = await founded();
    const storage = memoryStorage();
    const phone = await blank(storage);
    const stop = new AbortController();
    const { request, joined } = await pairing(desk, phone, 'phone', stop.signal);
    stop.abort();
    await expect(joined).rejects.toMatchObject({ name: 'AbortError' });
    await request.accept();
    const again = await blank(storage);
    const onOffer = (): void => expect.fail('it is in already');
    const identity = await again.joinAccount({ name: 'phone', onOffer, onCheck: onOffer });
    expect(identity).toMatchObject({ actor: request.device, chain: desk.identity!.chain });
    expect((await again.account.view()).devices).toHaveLength(2);
  });

  test('[ID5, ID6, ID15] a device that gets another key goes on in its groups, and its old key is out for good', async () => {
    const [alice, old, fresh] = [await founded(), await founded(), await blank()];
    const own = await old.createGroup({ membership: 'plain' });
    const hers = await alice.createGroup();
    await hers.invite(old.identity!.actor);
    await (await invitationTo(old, hers.id)).accept();
    await (await old.group(hers.id)).nameAccount(old.account.id);
    const options = { name: 'new' };
    const outcomes = async () => {
      const { groups, revokedAt } = await old.replaceBy(fresh, options);
      return [new Map(groups.map(({ group, outcome }) => [group, outcome])), revokedAt];
    };
    const asked = [own.id, hers.id].map((id, i) => [id, i === 0 ? 'moved' : 'not-permitted'] as const);
    expect(await outcomes()).toEqual([new Map(asked), undefined]);
    expect(await namesOf(old)).toEqual(['', 'new']);
    await hers.catchUp();
    await hers.invite(fresh.identity!.actor);
    expect(await outcomes()).toEqual([new Map([[hers.id, 'moved']]), 2]);
    expect(await namesOf(fresh)).toEqual(['new']);
    const mine = await fresh.group(own.id);
    await mine.invite(alice.identity!.actor, 'owner');
    expect((await mine.members()).map(({ actor }) => actor)).toEqual(
      [fresh, alice].map(({ identity }) => identity!.actor),
    );
    await (await fresh.group(hers.id)).send('by another key');
    await hers.catchUp();
    expect((await textsOf(hers)).at(-1)).toBe('by another key');
    await expect(old.account.rename(fresh.identity!.actor, 'mine')).rejects.toMatchObject({ code: 'actor-removed' });
  });

  test('a device that was paired is invited to a group like any other', async () => {
    const [alice, desk, phone] = [await founded(), await founded(), await blank()];
    await pair(desk, phone, 'phone');
    const group = await alice.createGroup();
    await group.invite([desk, phone].map(({ identity }) => identity!.actor));
    for (;;) {
      const [invitation] = await phone.invitations();
      if (invitation === undefined) continue;
      await (await invitation.accept()).send('from the phone');
      break;
    }
    expect(await group.members()).toHaveLength(3);
  });
});

describe('a recovery', () => {
  test('[ID16, ID11] brings a device in by what was written down, when all others are gone', async () => {
    const desk = await founded();
    const { code, key } = await desk.account.setRecovery({ waitingMs: 0 });
    await desk.account.revoke(desk.identity!.actor, { reason: 'retired' });
    const laptop = await blank();
    const written = code.toUpperCase().replaceAll(' ', '-');
    const recovery = await laptop.recoverAccount({ code: written, name: 'laptop' });
    expect(recovery).toMatchObject({ kind: 'recovered', identity: { chain: desk.identity!.chain } });
    expect(await namesOf(laptop)).toEqual(['laptop']);
    expect((await laptop.account.view()).recovery).toMatchObject({ key, pending: undefined });
    await laptop.account.removeRecovery();
    expect((await laptop.account.view()).recovery).toBeUndefined();
  });

  test('[ID9, ID10] waits, is seen by the devices, and ends where one of them objects', async () => {
    const desk = await founded();
    const { code } = await desk.account.setRecovery({ waitingMs: 3_600_000 });
    const storage = memoryStorage();
    const thief = await blank(storage);
    const begun = await thief.recoverAccount({ code, name: 'thief' });
    const { recovery, relayTime } = await desk.account.view();
    expect(recovery?.pending).toMatchObject({ name: 'thief', ripeAt: relayTime + 3_600_000 });
    expect(begun).toEqual({ kind: 'waiting', until: recovery!.pending!.ripeAt });
    expect(await (await blank(storage)).recoverAccount()).toEqual(begun);
    await desk.account.cancelRecovery();
    await expect(thief.recoverAccount()).rejects.toMatchObject({ code: 'recovery-ended' });
    await expect(desk.account.cancelRecovery()).rejects.toMatchObject({ code: 'no-recovery' });
    await expect(thief.recoverAccount()).rejects.toMatchObject({ code: 'recovery-code-missing' });
    await desk.account.setRecovery({ waitingMs: 0 });
    await expect(thief.recoverAccount({ code })).rejects.toMatchObject({ code: 'recovery-code-unknown' });
    expect(thief.identity).toBeUndefined();
  });

  test('[ID16] a letter that was read wrongly is noticed before anything is asked', async () => {
    const { code } = await (await founded()).account.setRecovery({ waitingMs: 0 });
    const at = code.length - 20;
    const wrong = code.slice(0, at) + (code[at] === 'a' ? 'b' : 'a') + code.slice(at + 1);
    for (const text of [wrong, code.slice(0, -1), 'abcd', ''])
      await expect((await blank()).recoverAccount({ code: text })).rejects.toMatchObject({
        code: 'recovery-code-invalid',
      });
  });
});
