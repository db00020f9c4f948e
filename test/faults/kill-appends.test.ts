import { afterEach, expect, test } from 'vitest';
import { FragileRelay, killRuntime } from './killed-relay.ts';

let relay: FragileRelay | undefined;

afterEach(() => relay?.remove());

// With everything that it is made of, it is killed in test/long.
test('[AP5, AP12] a relay whose workerd is killed while events are appended has kept each acknowledged entry once, and repeats its receipts', async () => {
  relay = await FragileRelay.start('fragile');
  const { acknowledged } = await relay.survive({ count: 300, killAfter: 100, death: killRuntime });
  expect(acknowledged).toBeLessThan(300);
}, 120_000);
