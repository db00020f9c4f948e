import { afterEach, describe, expect, test } from 'vitest';
import { FragileRelay, killEverything, killRuntime } from './killed-relay.ts';

let relay: FragileRelay | undefined;

afterEach(() => relay?.remove());

describe('a relay that is killed while events are appended', { timeout: 120_000 }, () => {
  test.each([
    ['with everything that it is made of', killEverything],
    ['in its workerd alone, which is started again', killRuntime],
  ])('[AP5, AP12] has kept each acknowledged entry once, and repeats its receipts: %s', async (_, death) => {
    relay = await FragileRelay.start('fragile');
    const { acknowledged } = await relay.survive({ count: 300, killAfter: 100, death });
    expect(acknowledged).toBeLessThan(300);
  });
});
