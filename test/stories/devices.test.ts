import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicKeyOf, toBase64Url } from '../../core/index.ts';
import type { Session } from '../../sdk/index.ts';
import { invitationTo, soleInvitation, Stage, textsOf } from './stage.ts';

let stage: Stage;
let alice: Session;
let phone: Session;
let laptop: Session;
const actorsOf = (...sessions: Session[]): string[] => sessions.map(({ identity }) => identity!.actor);

beforeAll(async () => {
  stage = await Stage.share();
  [alice, phone, laptop] = [await stage.person(), await stage.person(), await stage.person()];
});

afterAll(() => stage.strike());

test('[CL23] phone and laptop come in by one commit, each reads what the other sends, and the other stays when one goes', async () => {
  const hers = await alice.createGroup();
  await hers.invite(actorsOf(phone, laptop, phone));
  expect(await hers.view()).toMatchObject({ epoch: 1, size: 3 });
  const onPhone = await (await soleInvitation(phone)).accept();
  const onLaptop = await (await soleInvitation(laptop)).accept();
  await onPhone.send('on my way');
  await onLaptop.send('typed at home');
  await hers.send('good');
  await Promise.all([onPhone, onLaptop, hers].map((group) => group.catchUp()));
  for (const group of [onPhone, onLaptop, hers]) {
    expect(await textsOf(group)).toEqual(['on my way', 'typed at home', 'good']);
  }
  await expect(hers.invite(actorsOf(await stage.person(), phone))).rejects.toMatchObject({ code: 'already-member' });
  expect((await hers.view()).epoch).toBe(1);
  await hers.remove(actorsOf(phone)[0]!);
  await onLaptop.send('without the phone');
  await Promise.all([onPhone.catchUp(), hers.catchUp()]);
  expect((await textsOf(hers)).at(-1)).toBe('without the phone');
  expect((await textsOf(onPhone)).at(-1)).toBe('good');
});

test('[CL23] [KP12] one claim asks for all, and tells of each who can’t come in; where asked to, those come in who can', async () => {
  const hers = await alice.createGroup();
  const stranger = toBase64Url(publicKeyOf(crypto.getRandomValues(new Uint8Array(32))));
  const [hisPhone] = actorsOf(phone);
  const told = [
    { actor: hisPhone, outcome: 'invited' },
    { actor: stranger, outcome: 'exhausted' },
  ];
  const refused = { code: 'key-packages-exhausted', advice: { kind: 'ask' }, details: { actors: told } };
  await expect(hers.invite([hisPhone!, stranger])).rejects.toMatchObject(refused);
  await expect(hers.invite(stranger, 'member', { partial: true })).rejects.toMatchObject({ code: refused.code });
  expect((await hers.view()).epoch).toBe(0);
  const delivery = await hers.invite([hisPhone!, stranger], 'member', { partial: true });
  expect(delivery.actors).toEqual(told);
  expect((await hers.members()).map(({ actor }) => actor)).toEqual(actorsOf(alice, phone));
  await (await invitationTo(phone, hers.id)).accept();
});

test('[CL23] a plain group takes several as well; nobody comes in twice, and nobody is asked to do nothing', async () => {
  const hers = await alice.createGroup({ membership: 'plain' });
  await hers.invite(actorsOf(phone, laptop), 'reader');
  expect((await hers.members()).map(({ actor }) => actor)).toEqual(actorsOf(alice, phone, laptop));
  await expect(hers.invite([])).rejects.toThrow(TypeError);
  await expect(hers.invite(['nobody'])).rejects.toThrow(TypeError);
});

test('[GR4] one may leave, unless no owner stays', async () => {
  const plain = await alice.createGroup({ membership: 'plain' });
  await plain.invite(actorsOf(laptop));
  const joined = await (await invitationTo(laptop, plain.id)).accept();
  await joined.leave();
  expect((await joined.view()).status.kind).toBe('removed');
  await expect(plain.leave()).rejects.toMatchObject({ code: 'last-owner' });
  const sealed = await alice.createGroup();
  await expect(sealed.leave()).rejects.toMatchObject({ code: 'last-owner', advice: { kind: 'ask' } });
});
