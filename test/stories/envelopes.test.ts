import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  bytesToUtf8,
  decodeTrusted,
  encode,
  envelopePost,
  fromBase64Url,
  mailboxToken,
  utf8ToBytes,
} from '../../core/index.ts';
import type { Session } from '../../sdk/index.ts';
import { soleInvitation, Stage } from './stage.ts';

let stage: Stage;
let alice: Session;
let bob: Session;
let carol: Session;
const name = (session: Session): string => session.identity!.actor;

beforeAll(async () => {
  stage = await Stage.share();
  [alice, bob, carol] = [await stage.person(), await stage.person(), await stage.person()];
});

afterAll(() => stage.strike());

async function lettersOf(session: Session): Promise<(string | undefined)[][]> {
  const { envelopes } = await session.inbox();
  for (const { dismiss } of envelopes) await dismiss();
  return envelopes.map(({ sender, content, group }) => [sender, content && bytesToUtf8(content), group]);
}

describe('a letter', () => {
  test('[SE2] reaches whom its sender shares a group with, once, and says who wrote it', async () => {
    const group = await alice.createGroup();
    await group.invite(name(bob));
    await (await soleInvitation(bob)).accept();
    await alice.sealTo(name(bob), utf8ToBytes('hello bob'));
    await bob.sealTo(name(alice), utf8ToBytes('hello alice'), { group: group.id });
    expect(await lettersOf(bob)).toEqual([[name(alice), 'hello bob', group.id]]);
    expect(await lettersOf(alice)).toEqual([[name(bob), 'hello alice', group.id]]);
    expect(await lettersOf(bob)).toEqual([]);
    await expect(carol.sealTo(name(bob), utf8ToBytes('hi'))).rejects.toMatchObject({ code: 'no-shared-group' });
    const pushed = carol.sealTo(name(bob), utf8ToBytes('hi'), { group: group.id });
    await expect(pushed).rejects.toMatchObject({ code: 'not-permitted' });
  });

  test('[SE3] [SE7] comes from a stranger by a token, as often as it may, until that is taken back', async () => {
    const token = await bob.issueMailboxToken({ bearer: name(carol), uses: 2 });
    await carol.sealTo(name(bob), utf8ToBytes('one'), { token });
    await expect(alice.sealTo(name(bob), utf8ToBytes('stolen'), { token })).rejects.toMatchObject({
      code: 'token-invalid',
    });
    await carol.sealTo(name(bob), utf8ToBytes('two'), { token });
    await expect(carol.sealTo(name(bob), utf8ToBytes('three'), { token })).rejects.toMatchObject({
      code: 'token-spent',
    });
    expect((await lettersOf(bob)).map(([, text]) => text)).toEqual(['one', 'two']);

    const [first, second] = [await bob.issueMailboxToken(), await bob.issueMailboxToken()];
    await bob.revokeMailboxToken(first);
    await expect(carol.sealTo(name(bob), utf8ToBytes('x'), { token: first })).rejects.toMatchObject({
      code: 'token-revoked',
    });
    await bob.revokeMailboxTokens();
    await expect(carol.sealTo(name(bob), utf8ToBytes('x'), { token: second })).rejects.toMatchObject({
      code: 'token-revoked',
    });
    await carol.sealTo(name(bob), utf8ToBytes('anew'), { token: await bob.issueMailboxToken() });
    expect((await lettersOf(bob)).map(([, text]) => text)).toEqual(['anew']);
  });

  test('[SE6] comes live, and what nobody can open is shown as such', async () => {
    const stop = new AbortController();
    const token = await bob.issueMailboxToken({ uses: 9 });
    const inbox = bob.watchInbox({ signal: stop.signal });
    await inbox.next();
    await carol.sealTo(name(bob), utf8ToBytes('live'), { token });
    const { value } = (await inbox.next()) as { value: Awaited<ReturnType<Session['inbox']>> };
    expect(value.envelopes).toMatchObject([{ sender: name(carol), content: utf8ToBytes('live'), group: undefined }]);
    stop.abort();
    await inbox.next().catch(() => undefined);
    await lettersOf(bob);
    const grant = { kind: 'token', value: decodeTrusted(mailboxToken, fromBase64Url(token)!) } as const;
    const body = encode(envelopePost, { grant, envelope: utf8ToBytes('in the clear') });
    expect((await carol.request('POST', `/v1/devices/${name(bob)}/mailbox`, { body })).status).toBe(204);
    expect(await lettersOf(bob)).toEqual([[undefined, undefined, undefined]]);
    await expect(bob.sealTo('AAAA', utf8ToBytes('nobody'))).rejects.toThrow(TypeError);
    await expect(bob.sealTo(name(alice), utf8ToBytes('x'), { token: 'no token' })).rejects.toThrow(TypeError);
  });
});
