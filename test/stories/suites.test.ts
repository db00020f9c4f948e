import { afterAll, beforeAll, expect, test } from 'vitest';
import { memoryStorage, type Session } from '../../sdk/index.ts';
import { invitationTo, Stage, textsOf } from './stage.ts';

const XWING = 0xf0a2;

let stage: Stage;
let alice: Session;
let bob: Session;

async function personWith(suites: readonly number[]): Promise<Session> {
  const session = await stage.connect(memoryStorage(), stage.relay.url, { suites });
  await session.createIdentity();
  return session;
}

beforeAll(async () => {
  stage = await Stage.share();
  [alice, bob] = await Promise.all([personWith([1, 2, 3, XWING]), personWith([1, 2, 3, XWING])]);
});

afterAll(() => stage.strike());

test.each([2, 3, XWING])(
  '[ML1] [ML8] [ML9] a group of suite %d is founded, joined, talked in, rotated and left',
  async (suite) => {
    const hers = await alice.createGroup({ suite });
    expect(await hers.view()).toMatchObject({ suite, epoch: 0 });
    await hers.invite(bob.identity!.actor);
    const his = await (await invitationTo(bob, hers.id)).accept();
    await his.send('in another suite');
    await hers.catchUp();
    await hers.rotate();
    await his.rotate();
    await hers.send('and with other keys');
    await his.catchUp();
    expect(await textsOf(his)).toEqual(['in another suite', 'and with other keys']);
    await hers.remove(bob.identity!.actor);
    expect(await hers.view()).toMatchObject({ suite, epoch: 4 });
  },
);

test('[KP12] [ML1] a device without the group’s suite has nothing compatible, and founding takes a suite that there is', async () => {
  const old = await personWith([1]);
  const hers = await alice.createGroup({ suite: 3 });
  const refusal = hers.invite([bob.identity!.actor, old.identity!.actor]);
  await expect(refusal).rejects.toMatchObject({
    code: 'key-packages-exhausted',
    details: { actors: [{ outcome: 'invited' }, { actor: old.identity!.actor, outcome: 'nothing-compatible' }] },
  });
  await expect(alice.createGroup({ suite: 4 })).rejects.toThrow(RangeError);
});
