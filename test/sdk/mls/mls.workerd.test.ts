import { expect, test } from 'vitest';
import {
  applyCommit,
  bootstrapGroup,
  checkNextGroupInfo,
  memberRules,
  mlsSuites,
  parseWelcome,
} from '../../../core/mls/index.ts';
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
  const [ada, bob, cem] = await Promise.all([1, 2, 3].map((seedByte) => makePerson(seedByte)));
  const states = await commitAndFollow(await groupOf([ada!, bob!, cem!]));
  const secrets = await Promise.all(states.map((state) => exportSecret(state, 'test', NO_DATA, 32)));
  expect(secrets[1]).toEqual(secrets[0]);
  const [adaState, bobState] = await commitAndFollow(states.slice(0, 2), { remove: [cem!] });
  const { message } = await send(adaState!, 'hello');
  expect(await readText(bobState!, message)).toBe('hello');
  expect(await readText(states[2]!, message)).toBe('(message-future)');
});

test('[ML29] a commit is followed in workerd, its signatures checked synchronously', async () => {
  const [ada, bob] = await Promise.all([1, 2].map((seedByte) => makePerson(seedByte)));
  const [adaState, bobState] = (await groupOf([ada!, bob!])) as [GroupState, GroupState];
  const pending = await prepare(adaState, { remove: [bob!.actor] });
  const { group } = valueOf(bootstrapGroup(await makeGroupInfo(adaState)));
  const followed = valueOf(applyCommit(group, pending.commit));
  const groupInfo = valueOf(checkNextGroupInfo(followed, pending.groupInfo));
  expect(isGenuine([...followed.signatures, ...followed.bindings, groupInfo])).toBe(true);
  expect(followed.removed).toEqual([bob!.actor]);
  expect(valueOf(await processCommit(bobState, pending.commit)).selfRemoved).toBe(true);
  expect(valueOf(acceptOwnCommit(adaState, pending)).epoch).toBe(2);
  expect(parseWelcome(pending.commit).ok).toBe(false);
  expect((await foundGroup(bob!)).epoch).toBe(0);
});

test.each(mlsSuites)('[ML1] people found, join, talk and are followed in workerd in suite $id', async (suite) => {
  const [ada, bob] = await Promise.all([1, 2].map((seedByte) => makePerson(seedByte, suite)));
  const [adaState, bobState] = (await groupOf([ada!, bob!])) as [GroupState, GroupState];
  const { message } = await send(adaState, 'hello');
  expect(await readText(bobState, message)).toBe('hello');
  const rules = memberRules({ suite, credentials: 'bound' });
  const opened = valueOf(bootstrapGroup(await makeGroupInfo(adaState), { rules }));
  const pending = await prepare(bobState);
  const followed = valueOf(applyCommit(opened.group, pending.commit));
  const jobs = [...opened.signatures, ...opened.bindings, ...followed.signatures, ...followed.bindings];
  expect(isGenuine(jobs)).toBe(true);
  expect(valueOf(await processCommit(adaState, pending.commit)).state.epoch).toBe(2);
});
