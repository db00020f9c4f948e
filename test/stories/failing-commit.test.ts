import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { equalBytes } from '../../core/index.ts';
import { memoryStorage, type Fetch, type Group, type Session } from '../../sdk/index.ts';
import { soleInvitation, Stage, textsOf } from './stage.ts';

let stage: Stage;
let alice: Session;
let bob: Session;
let hers: Group;
let his: Group;

/** What Alice's commits come to, instead of the relay. */
let onCommit: (bundle: Uint8Array, arrive: () => Promise<Response>) => Promise<Response>;
/** Each bundle that left, as often as it did. */
let sent: Uint8Array[] = [];

const failure = async (): Promise<Response> =>
  new Response('{"code":"internal"}', { status: 500, headers: { 'content-type': 'application/problem+json' } });

const failing: Fetch = (url, init) => {
  const arrive = (): Promise<Response> => fetch(url, init);
  if (!url.endsWith('/commits')) return arrive();
  const bundle = init.body as Uint8Array;
  sent.push(bundle);
  return onCommit(bundle, arrive);
};

beforeAll(async () => {
  stage = await Stage.share();
  bob = await stage.person();
  alice = await stage.connect(memoryStorage(), undefined, { fetch: failing });
  await alice.createIdentity();
});
afterAll(() => stage.strike());

beforeEach(async () => {
  onCommit = (_, arrive) => arrive();
  hers = await alice.createGroup();
  await hers.invite(bob.identity!.actor);
  his = await (await soleInvitation(bob)).accept();
  sent = [];
});

async function expectOneGroup(epoch: number): Promise<void> {
  await hers.send('still here');
  await his.catchUp();
  expect(await textsOf(his)).toEqual(['still here']);
  expect(await hers.view()).toMatchObject({ epoch, status: { kind: 'member' } });
}

test('[CL50] a commit that the relay fails at twice gives way to another one', async () => {
  onCommit = (bundle, arrive) => (equalBytes(bundle, sent[0]!) ? failure() : arrive());
  await expect(hers.rotate()).rejects.toMatchObject({ code: 'internal' });
  await hers.rotate();
  expect(sent).toHaveLength(3);
  expect(sent[1]).toEqual(sent[0]);
  await expectOneGroup(2);
});

test('[CL50] where a relay had taken it all the same, its keys are there, and what came later is made anew', async () => {
  let arriveLate: (() => Promise<Response>) | undefined;
  onCommit = async (bundle, arrive) => {
    if (equalBytes(bundle, sent[0]!)) {
      arriveLate = arrive;
      return failure();
    }
    await arriveLate?.();
    arriveLate = undefined;
    return arrive();
  };
  await expect(hers.rotate()).rejects.toMatchObject({ code: 'internal' });
  await hers.rotate();
  expect(sent).toHaveLength(4);
  await expectOneGroup(3);
  for await (const { kind } of his.timeline()) expect(kind).not.toBe('resynced');
});

test('[CL50] at most four of an epoch are set aside; then the last one stays, and is what arrives first', async () => {
  onCommit = failure;
  for (let i = 0; i < 7; i++) await expect(hers.rotate()).rejects.toMatchObject({ code: 'internal' });
  expect(new Set(sent.map((bundle) => Buffer.from(bundle).toString('hex'))).size).toBe(5);
  const last = sent.at(-1)!;
  onCommit = (_, arrive) => arrive();
  sent = [];
  await hers.rotate();
  expect(sent[0]).toEqual(last);
  await expectOneGroup(3);
});
