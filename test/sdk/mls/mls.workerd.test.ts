import { expect, test } from 'vitest';
import { checkCommitBundle, parseCommitMessage, parseGroupInfo, parseWelcome } from '../../../core/mls/index.ts';
import {
  acceptOwnCommit,
  exportSecret,
  makeGroupInfo,
  processCommit,
  type GroupState,
} from '../../../sdk/mls/index.ts';
import { isGenuine } from '../../core/mls/genuine.ts';
import {
  commitAndFollow,
  foundGroup,
  groupOf,
  makePerson,
  NO_DATA,
  prepare,
  readText,
  send,
  valueOf,
} from './people.ts';

test('this is workerd', () => expect(navigator.userAgent).toBe('Cloudflare-Workers'));

test('[ML41] members found, join, talk, rotate and part in workerd', async () => {
  const [ada, bob, cem] = await Promise.all([1, 2, 3].map(makePerson));
  const states = await commitAndFollow(await groupOf([ada!, bob!, cem!]));
  const secrets = await Promise.all(states.map((state) => exportSecret(state, 'test', NO_DATA, 32)));
  expect(secrets[1]).toEqual(secrets[0]);
  const [adaState, bobState] = await commitAndFollow(states.slice(0, 2), { remove: [cem!] });
  const { message } = await send(adaState!, 'hello');
  expect(await readText(bobState!, message)).toBe('hello');
  expect(await readText(states[2]!, message)).toBe('(message-future)');
});

test('[ML29] a bundle is checked in workerd, its signatures synchronously', async () => {
  const [ada, bob] = await Promise.all([1, 2].map(makePerson));
  const [adaState, bobState] = (await groupOf([ada!, bob!])) as [GroupState, GroupState];
  const pending = await prepare(adaState, { remove: [bob!.actor] });
  const checked = valueOf(
    checkCommitBundle({
      previous: valueOf(parseGroupInfo(await makeGroupInfo(adaState))),
      commit: valueOf(parseCommitMessage(pending.commit)),
      welcome: undefined,
      groupInfo: valueOf(parseGroupInfo(pending.groupInfo)),
    }),
  );
  expect(isGenuine(checked.signatures)).toBe(true);
  expect(checked.delta.removed).toEqual([bob!.actor]);
  expect(valueOf(await processCommit(bobState, pending.commit)).selfRemoved).toBe(true);
  expect(valueOf(acceptOwnCommit(adaState, pending)).epoch).toBe(2);
  expect(parseWelcome(pending.commit).ok).toBe(false);
  expect((await foundGroup(bob!)).epoch).toBe(0);
});
