import { exports } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { connect, memoryStorage, type Group, type Invitation, type Session } from '../../sdk/index.ts';

const relay = 'http://relay.example';
/** The worker that wrangler.toml names. */
const worker = (exports as unknown as { default: Fetcher }).default;

/** In the runtime itself, with nothing but its own fetch and Web Crypto; the relay is the worker next door. */
async function person(): Promise<Session> {
  const fetch = (url: string, init: RequestInit) => worker.fetch(new Request(url, init));
  const session = await connect({ relay, storage: memoryStorage(), fetch });
  await session.createIdentity();
  return session;
}

/** The relay hands a Welcome on after it has answered the inviter. */
async function invitationOf(session: Session): Promise<Invitation> {
  for (;;) {
    const [invitation] = await session.invitations();
    if (invitation !== undefined) return invitation;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function textsOf(group: Group): Promise<(string | undefined)[]> {
  const texts = [];
  for await (const message of group.messages()) texts.push(message.kind === 'message' ? message.text : message.reason);
  return texts;
}

describe('the client in workerd', () => {
  test('two people found an encrypted group, talk and change its keys', async () => {
    const [alice, bob] = [await person(), await person()];
    const hers = await alice.createGroup();
    await hers.invite(bob.identity!.actor);
    const his = await (await invitationOf(bob)).accept();
    await hers.send('one');
    await his.send('two');
    await hers.rotate();
    await hers.send('three');
    await his.catchUp();
    expect(await textsOf(his)).toEqual(['one', 'two', 'three']);
    expect(await textsOf(hers)).toEqual(['one', 'two', 'three']);
  });
});
