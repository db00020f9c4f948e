import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FuzzedClient } from './fuzzed-client.ts';

let fuzzed: FuzzedClient;

beforeAll(async () => {
  fuzzed = await FuzzedClient.start();
});

afterAll(() => fuzzed.stop());

// A thousand of its lies are told in test/long.
describe('a client whose relay lies', () => {
  test('[CL2, CL4] shows nothing that was not said, ends each call with an error by name, and goes on', async () => {
    await fuzzed.lie(150);
    // It is lied to about more than encodings, and finds that out.
    for (const code of ['malformed-answer', 'entry-invalid', 'payload-mismatch', 'checkpoint-invalid']) {
      expect([...fuzzed.outcomes.keys()]).toContain(`catchUp: ${code}`);
    }
  }, 240_000);
});
