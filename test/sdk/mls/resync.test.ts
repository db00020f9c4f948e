import { beforeAll, describe, expect, test } from 'vitest';
import {
  acceptResync,
  decrypt,
  encrypt,
  exportSecret,
  makeGroupInfo,
  membersOf,
  processCommit,
  resync,
} from '../../../sdk/mls/index.ts';
import { bendPathKeys, garblePathSecrets } from '../../stories/garbled-paths.ts';
import { groupOf, makeCast, NOW_MS, prepare, valueOf, type Cast } from './people.ts';

let cast: Cast;
beforeAll(async () => {
  cast = await makeCast();
});

const data = new Uint8Array(48);
const request = (groupInfo: Uint8Array, person = cast.bob) =>
  resync({ identity: person.identity, groupInfo, authenticatedData: data, nowMs: NOW_MS });

describe('a resync', () => {
  test('[RC1] takes the member’s own place, and everyone who follows it has the same keys', async () => {
    const [ada, bob, cem] = await groupOf([cast.ada, cast.bob, cast.cem]);
    const pending = valueOf(await request(await makeGroupInfo(ada!)));
    const back = valueOf(acceptResync(bob!, pending));
    const followed = await Promise.all(
      [ada!, cem!].map(async (state) => valueOf(await processCommit(state, pending.commit))),
    );
    const states = [back, ...followed.map(({ state }) => state)];
    const secrets = await Promise.all(states.map((state) => exportSecret(state, 'x', new Uint8Array(), 32)));
    for (const secret of secrets) expect(secret).toEqual(secrets[0]);
    expect(followed[0]).toMatchObject({
      isResync: true,
      added: [],
      removed: [],
      replaced: [],
      committer: cast.bob.actor,
    });
    expect(membersOf(back)).toHaveLength(3);
    expect(back.epoch).toBe(ada!.epoch + 1);
  });

  test('[RC7] leaves what was said in the epoch before to be read, and nothing older than members keep', async () => {
    const [ada, bob] = await groupOf([cast.ada, cast.bob]);
    const said = valueOf(await encrypt(ada!, new Uint8Array([1]), data));
    const pending = valueOf(await request(await makeGroupInfo(ada!)));
    const back = valueOf(acceptResync(bob!, pending));
    expect(valueOf(await decrypt(back, said.message)).plaintext).toEqual(new Uint8Array([1]));
    expect(acceptResync(valueOf(acceptResync(bob!, pending)), pending)).toMatchObject({
      error: { code: 'pending-stale' },
    });
  });

  test('[RC1] is refused by a GroupInfo that does not verify, or that this client is not in', async () => {
    const [ada] = await groupOf([cast.ada, cast.bob]);
    const groupInfo = await makeGroupInfo(ada!);
    const forged = groupInfo.slice();
    forged[forged.length - 1]! ^= 1;
    expect(await request(forged)).toMatchObject({ ok: false, error: { code: 'resync-refused' } });
    expect(await request(groupInfo, cast.dan)).toMatchObject({ ok: false, error: { code: 'resync-refused' } });
    expect(await request(groupInfo.slice(0, -1))).toMatchObject({ ok: false });
  });
});

test.each([
  ['path secrets open for nobody', garblePathSecrets, 'path-secret'],
  ['path secrets lead to other keys than its path shows', bendPathKeys, 'path-keys'],
])(
  '[RC3] a commit whose %s is unprocessable for just that, and leaves the state as it was',
  async (_, spoil, fault) => {
    const [ada, bob] = await groupOf([cast.ada, cast.bob]);
    const { end } = await spoil();
    const pending = await prepare(ada!, { authenticatedData: data });
    end();
    expect(await processCommit(bob!, pending.commit)).toEqual({
      ok: false,
      error: { code: 'commit-unprocessable', fault },
    });
    const good = await prepare(ada!, { authenticatedData: data });
    expect(await processCommit(bob!, good.commit)).toMatchObject({ ok: true });
  },
);
