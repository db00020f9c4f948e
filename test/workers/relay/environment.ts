import type { RelayEnvironment } from '../../../durable-objects/index.ts';

/** The bindings of the relay under test, whose secret the test run sets. */
export function relayEnvironment(env: unknown): RelayEnvironment {
  return env as RelayEnvironment;
}
