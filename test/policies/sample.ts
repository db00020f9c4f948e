import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_POLICY_FUEL, encodePolicyRecord, runPolicy, type PolicyOutcome } from '../../core/index.ts';
import { compileMetered } from '../core/policy/policy-rounds.ts';

const FOLDER = join(import.meta.dirname, '../../policies');
/** The first type that applications define. */
const TYPE = 0x8000;

export function readSample(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(FOLDER, `${name}.wasm`)));
}

/** A key that is in the order of its number. */
export function keyOf(actor: number): Uint8Array {
  const key = new Uint8Array(32).fill(0x11);
  key[0] = actor;
  return key;
}

export const u64 = (value: number | bigint): number[] =>
  [...new Uint8Array(new BigUint64Array([BigInt(value)]).buffer)].reverse();

/** A policy with the state that its records have left. */
export class Sample {
  state: Uint8Array = new Uint8Array();
  time = 1_000;
  readonly #instantiate;

  constructor(name: string) {
    this.#instantiate = compileMetered(readSample(name));
  }

  /** What it says to a record of this actor; the state goes on where it accepts. */
  record(actor: number, ...body: readonly (number | ArrayLike<number>)[]): PolicyOutcome {
    const bytes = Uint8Array.from(body.flatMap((part) => (typeof part === 'number' ? [part] : Array.from(part))));
    const event = encodePolicyRecord({ actor: keyOf(actor), type: TYPE, body: bytes }, this.time);
    const outcome = runPolicy(this.#instantiate, { state: this.state, event, fuel: DEFAULT_POLICY_FUEL });
    if (outcome.kind === 'accepted') this.state = outcome.state;
    return outcome;
  }

  /** The code of its refusal; 0 where it accepted. */
  answer(actor: number, ...body: readonly (number | ArrayLike<number>)[]): number {
    const outcome = this.record(actor, ...body);
    if (outcome.kind === 'stopped') throw new Error(`the policy was stopped by ${outcome.cause}`);
    return outcome.kind === 'accepted' ? 0 : outcome.reason;
  }
}
