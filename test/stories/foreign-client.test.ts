import { afterAll, beforeAll, expect, test } from 'vitest';
import { toBase64Url } from '../../core/index.ts';
import { ForeignClient } from '../support/foreign-client.ts';
import { Stage } from './stage.ts';

let stage: Stage;
let rita: ForeignClient;
let omar: ForeignClient;

beforeAll(async () => {
  stage = await Stage.share();
  rita = await ForeignClient.at(stage.relay.url, 'rita@example');
  omar = await ForeignClient.at(stage.relay.url, 'omar@example');
});

afterAll(() => stage.strike());

test('[ML7] [ML4] clients that share nothing with this one found, invite, join, talk, rotate and remove through the relay', async () => {
  await omar.publishKeyPackage();
  await rita.found();
  await rita.add(omar.actor);
  await expect.poll(() => omar.join(), { timeout: 60_000 }).toBe(true);
  expect([rita.epoch, omar.epoch]).toEqual([1, 1]);
  await omar.say('from one foreign client');
  expect(await rita.read()).toEqual(['from one foreign client']);
  await rita.rotate();
  await rita.say('to another, under new keys');
  expect(await omar.read()).toEqual(['to another, under new keys']);
  await omar.rotate();
  await rita.read();
  expect([rita.epoch, omar.epoch]).toEqual([3, 3]);
  await rita.remove(1, omar.actor);
  await rita.say('without him');
  await expect(omar.say('still here?')).rejects.toThrow('actor-removed');
});

test('[KP5] [ML7] a device of bound credentials has nothing for such a group, and the other way round', async () => {
  const bob = await stage.person();
  await expect(rita.add(Buffer.from(bob.identity!.actor, 'base64url'))).rejects.toThrow('nothing to claim');
  await omar.publishKeyPackage();
  const his = await bob.createGroup();
  await expect(his.invite(toBase64Url(omar.actor))).rejects.toMatchObject({
    details: { actors: [{ outcome: 'nothing-compatible' }] },
  });
});
