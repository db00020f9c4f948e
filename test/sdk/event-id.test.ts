import { expect, test } from 'vitest';
import { newEventId } from '../../sdk/chain/sign-event.ts';

test('[EV5] begins an event id with its time and fills the rest at random', () => {
  const now = () => 0x0123_4567_89ab;
  const id = newEventId({ now, randomBytes: (length) => new Uint8Array(length).fill(0xee) });
  expect([...id.subarray(0, 6)]).toEqual([0x01, 0x23, 0x45, 0x67, 0x89, 0xab]);
  expect([...id.subarray(6)]).toEqual(Array.from({ length: 10 }, () => 0xee));
});
