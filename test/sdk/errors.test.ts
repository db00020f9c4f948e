import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import {
  NetworkError,
  RelayProblem,
  StorageError,
  type TeraChatError,
  UntrustedError,
  UsageError,
} from '../../sdk/index.ts';
import { parseActor, parseActors } from '../../sdk/parse-actor.ts';

const errors: readonly TeraChatError[] = [
  new NetworkError('unreachable', 'http://127.0.0.1:8787/v1/relay could not be reached'),
  new RelayProblem('rate-limited', { retryAfterMs: '42000' }),
  new StorageError('storage-damaged', 'the journal ends in the middle of a record'),
  new UntrustedError('root-mismatch', 'the entries do not add up'),
  new UsageError('unknown-group', 'this identity is in no group x'),
];

test.each(errors.map((error) => [error.name, error] as const))(
  '%s says what to do also where nobody catches it: Node prints what is its own',
  (_, error) => {
    const printed = inspect(error);
    expect(error.hint.length).toBeGreaterThan(10);
    expect(printed).toContain(error.message);
    expect(printed).toContain(error.hint.slice(0, 40).replaceAll("'", "\\'"));
    expect(printed).toContain(`kind: '${error.advice.kind}'`);
  },
);

test('what stands where a key belongs is shown, and what a key looks like', () => {
  for (const text of ['', 'bob', 'A'.repeat(42), 'B'.repeat(43)]) {
    expect(() => parseActor(text)).toThrow(`'${text}' is no actor: that is a public key of 43 characters`);
  }
  expect(() => parseActors([])).toThrow(TypeError);
});
