import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { problemOf, problems } from '../../core/index.ts';
import { memoryStorage, type Fetch, type Group, type ProblemCode, type Session } from '../../sdk/index.ts';
import { soleInvitation, Stage, textsOf } from './stage.ts';

let stage: Stage;
let bob: Session;

beforeAll(async () => {
  stage = await Stage.share();
  bob = await stage.person();
});

afterAll(() => stage.strike());

let alice: Session;
let hers: Group;
let his: Group;
/** What comes before Alice's next event or commit; what she asks of the log after that is refused. */
let before: (() => Promise<unknown>) | undefined;
let refusal: ProblemCode | undefined;
let isRefusing = false;

const fetchOrRefuse: Fetch = async (url, init) => {
  const { pathname } = new URL(url);
  if (init.method === 'POST' && /\/(events|commits)$/.test(pathname) && before !== undefined) {
    const act = before;
    before = undefined;
    await act();
    isRefusing = true;
  }
  if (!isRefusing || refusal === undefined || !pathname.endsWith('/entries')) return fetch(url, init);
  const headers = { 'content-type': 'application/problem+json' };
  return new Response(JSON.stringify(problemOf({ code: refusal })), { status: problems[refusal].status, headers });
};

beforeEach(async () => {
  isRefusing = false;
  alice = await stage.connect(memoryStorage(), stage.relay.url, { fetch: fetchOrRefuse });
  await alice.createIdentity();
  hers = await alice.createGroup();
  await hers.invite(bob.identity!.actor);
  his = await (await soleInvitation(bob)).accept();
});

describe.each(['signature-expired', 'rate-limited'] as const)(
  'an acknowledgement that can’t be verified yet, since reading is refused as %s,',
  (code) => {
    test('[CL6, CL18] leaves a message sent, and it is there once', async () => {
      refusal = code;
      before = () => his.send('first');
      await expect(hers.send('second')).rejects.toMatchObject({ name: 'NetworkError', cause: { code } });
      const [pending] = await hers.pending();
      expect(pending).toMatchObject({ text: 'second', state: { kind: 'sent' } });
      expect(await hers.cancel(pending!.eventId)).toBe(false);
      isRefusing = false;
      await alice.inbox();
      await his.catchUp();
      expect(await hers.pending()).toEqual([]);
      for (const group of [hers, his]) expect(await textsOf(group)).toEqual(['first', 'second']);
    });

    test('[CL6, CL8] leaves a commit’s keys, and the group goes on with them', async () => {
      refusal = code;
      before = () => his.send('first');
      await expect(hers.rotate()).rejects.toMatchObject({ name: 'NetworkError', cause: { code } });
      isRefusing = false;
      await alice.inbox();
      await hers.send('second');
      await his.catchUp();
      expect((await hers.view()).status).toEqual({ kind: 'member', role: 'owner' });
      for (const group of [hers, his]) expect(await textsOf(group)).toEqual(['first', 'second']);
    });
  },
);
