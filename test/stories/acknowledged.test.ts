import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
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

/** Alice's next commit arrives and its answer does not; what she sends of it after that is refused unread. */
let losesAnswer = false;

const fetchOrRefuse: Fetch = async (url, init) => {
  const { pathname } = new URL(url);
  if (losesAnswer && pathname.endsWith('/commits')) {
    if (isRefusing) return refused('rate-limited');
    isRefusing = true;
    await fetch(url, init);
    throw new TypeError('the line is cut');
  }
  if (init.method === 'POST' && /\/(events|commits)$/.test(pathname) && before !== undefined) {
    const act = before;
    before = undefined;
    await act();
    isRefusing = true;
  }
  if (!isRefusing || refusal === undefined || !pathname.endsWith('/entries')) return fetch(url, init);
  return refused(refusal);
};

function refused(code: ProblemCode): Response {
  const headers = { 'content-type': 'application/problem+json' };
  return new Response(JSON.stringify(problemOf({ code })), { status: problems[code].status, headers });
}

beforeEach(async () => {
  isRefusing = losesAnswer = false;
  alice = await stage.connect(memoryStorage(), stage.relay.url, { fetch: fetchOrRefuse });
  await alice.createIdentity();
  hers = await alice.createGroup();
  await hers.invite(bob.identity!.actor);
  his = await (await soleInvitation(bob)).accept();
});

test('[CL6, CL18] a message whose acknowledgement can’t be verified yet stays sent, and is there once', async () => {
  refusal = 'signature-expired';
  before = () => his.send('first');
  const cause = { code: refusal };
  await expect(hers.send('second')).rejects.toMatchObject({ name: 'NetworkError', cause });
  const [pending] = await hers.pending();
  expect(pending).toMatchObject({ text: 'second', state: { kind: 'sent' } });
  expect(await hers.cancel(pending!.eventId)).toBe(false);
  isRefusing = false;
  await alice.inbox();
  await his.catchUp();
  expect(await hers.pending()).toEqual([]);
  for (const group of [hers, his]) expect(await textsOf(group)).toEqual(['first', 'second']);
});

test('[CL6, CL8] a commit whose acknowledgement can’t be verified yet keeps its keys, and the group goes on with them', async () => {
  refusal = 'rate-limited';
  before = () => his.send('first');
  await expect(hers.rotate()).rejects.toMatchObject({ name: 'NetworkError', cause: { code: refusal } });
  isRefusing = false;
  await alice.inbox();
  await hers.send('second');
  await his.catchUp();
  expect((await hers.view()).status).toEqual({ kind: 'member', role: 'owner' });
  for (const group of [hers, his]) expect(await textsOf(group)).toEqual(['first', 'second']);
});

test('[CL6, CL8] a commit that arrived without an answer keeps its keys where it is refused unread after that', async () => {
  losesAnswer = true;
  await expect(hers.rotate()).rejects.toMatchObject({ code: 'rate-limited' });
  losesAnswer = isRefusing = false;
  await hers.catchUp();
  expect((await hers.view()).status).toEqual({ kind: 'member', role: 'owner' });
  for await (const item of hers.timeline()) expect(item.kind).not.toBe('resynced');
});
