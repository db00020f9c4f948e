import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { publicKeyOf, toBase64Url } from '../../../core/index.ts';
import {
  checkpointKeyOf,
  claimTokenKeyOf,
  nodeKeyOf,
  relayActorOf,
  type RelayEnvironment,
} from '../../../durable-objects/platform/environment.ts';
import { claimTokenSeed, nodeKeySeed, relayActorSeed } from '../../../relay/index.ts';

it('[KP10] each configuration has keys of its own, whichever was seen before it', () => {
  const seeds = [1, 2, 1].map((filling) => new Uint8Array(32).fill(filling));
  for (const seed of seeds) {
    const environment = { ...(env as unknown as RelayEnvironment), RELAY_CHECKPOINT_KEY: toBase64Url(seed) };
    const keys = [checkpointKeyOf, claimTokenKeyOf, relayActorOf, nodeKeyOf].map(
      (keyOf) => keyOf(environment)?.publicKey,
    );
    const derived = [seed, claimTokenSeed(seed), relayActorSeed(seed), nodeKeySeed(seed)];
    expect(keys).toEqual(derived.map(publicKeyOf));
  }
});

it('no key comes of a configuration without one', () => {
  const environment = { ...(env as unknown as RelayEnvironment), RELAY_CHECKPOINT_KEY: '' };
  expect([checkpointKeyOf, claimTokenKeyOf, relayActorOf, nodeKeyOf].map((keyOf) => keyOf(environment))).toEqual(
    Array.from({ length: 4 }),
  );
});
