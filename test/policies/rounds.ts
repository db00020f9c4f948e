import { fromBase64, meterModule, sha256, toBase64, utf8ToBytes } from '../../core/index.ts';
import { LocalPolicyExecutor } from '../../sdk/policy-executor.ts';
import { inputsOf, ROUND_FUEL } from '../core/policy/policy-rounds.ts';
import { randomModule } from '../core/policy/random-modules.ts';
import { verified } from '../core/policy/verified.ts';
import { jsonOf, type RoundText } from './round-text.ts';

/** A module with batches of records for it, each with its own fuel. */
export interface Round {
  readonly module: Uint8Array;
  readonly batches: readonly {
    readonly state: Uint8Array;
    readonly events: readonly Uint8Array[];
    readonly fuel: number;
  }[];
}

/** Module number `seed`: with enough fuel, and with so little that it may end anywhere. */
export function randomRound(seed: number): Round {
  const { state, event } = inputsOf(seed);
  const fuels = [ROUND_FUEL, 40 + (seed % 97) * 9];
  return { module: randomModule(seed), batches: fuels.map((fuel) => ({ state, events: [event, state], fuel })) };
}

export function textOf({ module, batches }: Round): RoundText {
  return {
    module: toBase64(module),
    batches: batches.map(({ state, events, fuel }) => ({ state: toBase64(state), events: events.map(toBase64), fuel })),
  };
}

export function roundOf({ module, batches }: RoundText): Round {
  return {
    module: bytesOf(module),
    batches: batches.map(({ state, events, fuel }) => ({ state: bytesOf(state), events: events.map(bytesOf), fuel })),
  };
}

/** What the engine that runs this makes of a round, as an SDK there does. */
export async function answerHere({ module, batches }: Round): Promise<readonly (readonly unknown[])[]> {
  const executor = new LocalPolicyExecutor(async () => module);
  const hash = sha256(module);
  const answers = await Promise.all(batches.map((batch) => executor.decide(hash, batch)));
  return answers.map((outcomes) => outcomes.map(jsonOf));
}

/** The metered module and all verdicts, states and fuel of a round in one hash. */
export function digestOf({ module }: Round, answers: unknown): string {
  return toBase64(sha256(utf8ToBytes(`${toBase64(sha256(meterModule(verified(module))))} ${JSON.stringify(answers)}`)));
}

function bytesOf(text: string): Uint8Array {
  const bytes = fromBase64(text);
  if (bytes === undefined) throw new Error('no base64');
  return bytes;
}
