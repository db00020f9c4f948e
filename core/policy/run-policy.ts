import { HOST_EXHAUSTED, MAX_CALL_DEPTH } from './meter-body.ts';

/** Of the state that a policy may be given and may give (`PX2`, `PX4`). */
export const MAX_POLICY_STATE_BYTES = 131_072;
/** Of the record that a policy decides over (`PX2`). */
export const MAX_POLICY_EVENT_BYTES = 65_536;
/** What runs in about 5 ms on a small machine (`PX2`). */
export const DEFAULT_POLICY_FUEL = 5_000_000;
/** The most that a chain lets one call use, whatever a manifest grants: about 50 ms (`PB6`). */
export const MAX_POLICY_FUEL = 50_000_000;

/** The exports of an instance of a metered module. */
export interface PolicyInstance {
  readonly memory: { readonly buffer: ArrayBufferLike };
  readonly terachat_fuel: { value: bigint };
  readonly terachat_depth: { readonly value: number };
  /** Sets the instance up, under fuel. */
  readonly _initialize?: () => void;
  /** Gives the place of so many bytes. */
  readonly alloc: (bytes: number) => number;
  /** Decides over an event; gives the place of its verdict in the high 32 bits, and its length in the low ones. */
  readonly apply: (...operands: [state: number, stateBytes: number, event: number, eventBytes: number]) => bigint;
  /** Takes over the state of the version before; gives as `apply` does. */
  readonly migrate?: (state: number, stateBytes: number) => bigint;
}

/** Why a policy came to no verdict. Where and how an engine stopped it, nobody is told: engines say it in different words. */
export type PolicyStop =
  /** It used up its fuel. */
  | 'fuel'
  /** Its calls went too deep. */
  | 'depth'
  /** It did what can't be done: divided by zero, reached outside of its memory. */
  | 'trap'
  /** It gave something that is no verdict. */
  | 'output';

/** The same for the same module, state, event and fuel, on every machine (`PX1`). */
export type PolicyOutcome =
  | { readonly kind: 'accepted'; readonly state: Uint8Array; readonly fuelLeft: number }
  | { readonly kind: 'rejected'; readonly reason: number; readonly fuelLeft: number }
  | { readonly kind: 'stopped'; readonly cause: PolicyStop };

/** One record that a policy decides over. */
export interface PolicyCall {
  readonly state: Uint8Array;
  readonly event: Uint8Array;
  readonly fuel: number;
}

const ACCEPTED = 0;
const REJECTED = 1;
const REJECTION_BYTES = 3;

/**
 * Lets a policy decide over one event, in an instance that `instantiate` makes for this call alone (`PX1`–`PX5`). Throws
 * only where the host fails, such as for lack of memory: then nothing is decided, and another host may.
 */
export function runPolicy(instantiate: () => PolicyInstance, { state, event, fuel }: PolicyCall): PolicyOutcome {
  checkSizes(state, event);
  return decide(instantiate(), fuel, (instance) => {
    const [statePlace, eventPlace] = place(instance, [state, event]);
    return instance.apply(statePlace, state.length, eventPlace, event.length);
  });
}

/** Lets a policy take over the state of the version before it; one without `migrate` takes it as it is. */
export function migratePolicy(
  instantiate: () => PolicyInstance,
  { state, fuel }: Pick<PolicyCall, 'state' | 'fuel'>,
): PolicyOutcome {
  checkSizes(state);
  const instance = instantiate();
  const { migrate } = instance;
  if (migrate === undefined) return { kind: 'accepted', state, fuelLeft: fuel };
  return decide(instance, fuel, () => {
    const [statePlace] = place(instance, [state]);
    return migrate(statePlace, state.length);
  });
}

function checkSizes(state: Uint8Array, event?: Uint8Array): void {
  if (state.length > MAX_POLICY_STATE_BYTES) throw new RangeError('the state of a policy is too long');
  if (event !== undefined && event.length > MAX_POLICY_EVENT_BYTES) throw new RangeError('an event is too long');
}

/** What a policy gave is no verdict; never leaves this file. */
class NoVerdict extends Error {}

function decide(instance: PolicyInstance, fuel: number, call: (instance: PolicyInstance) => bigint): PolicyOutcome {
  instance.terachat_fuel.value = BigInt(fuel);
  try {
    instance._initialize?.();
    const output = call(instance);
    // The last run of instructions may have cost more than there was, with nothing behind it that looks (`FU4`).
    const fuelLeft = Number(instance.terachat_fuel.value);
    return fuelLeft < 0 ? { kind: 'stopped', cause: 'fuel' } : readVerdict(readOutput(instance, output), fuelLeft);
  } catch (fault) {
    return { kind: 'stopped', cause: causeOf(fault, instance) };
  }
}

/** The counters say it, since they are the same everywhere; of the engine's error only whether it is one of WebAssembly. */
function causeOf(fault: unknown, { terachat_fuel, terachat_depth }: PolicyInstance): PolicyStop {
  if (terachat_fuel.value < 0n) return 'fuel';
  if (terachat_depth.value > MAX_CALL_DEPTH) return 'depth';
  if (fault instanceof NoVerdict) return 'output';
  const isTrap = fault instanceof Error && fault.name === 'RuntimeError' && terachat_depth.value !== HOST_EXHAUSTED;
  if (isTrap) return 'trap';
  throw new Error('the host could not run the policy to its end', { cause: fault });
}

/** All room is asked for before anything is written, since memory that grows is another buffer. */
function place(instance: PolicyInstance, inputs: readonly [Uint8Array, Uint8Array]): [number, number];
function place(instance: PolicyInstance, inputs: readonly [Uint8Array]): [number];
function place(instance: PolicyInstance, inputs: readonly Uint8Array[]): number[] {
  const places = inputs.map(({ length }) => instance.alloc(length) >>> 0);
  for (const [i, input] of inputs.entries()) bytesAt(instance, places[i] ?? 0, input.length).set(input);
  return places;
}

function readOutput(instance: PolicyInstance, output: bigint): Uint8Array {
  const [start, length] = [Number(BigInt.asUintN(32, output >> 32n)), Number(BigInt.asUintN(32, output))];
  if (length > MAX_POLICY_STATE_BYTES + 1) throw new NoVerdict();
  return bytesAt(instance, start, length).slice();
}

function bytesAt({ memory }: PolicyInstance, start: number, length: number): Uint8Array {
  if (start + length > memory.buffer.byteLength) throw new NoVerdict();
  return new Uint8Array(memory.buffer, start, length);
}

function readVerdict(output: Uint8Array, fuelLeft: number): PolicyOutcome {
  const [kind, high = 0, low = 0] = output;
  if (kind === ACCEPTED) return { kind: 'accepted', state: output.slice(1), fuelLeft };
  if (kind !== REJECTED || output.length !== REJECTION_BYTES) throw new NoVerdict();
  return { kind: 'rejected', reason: high * 0x100 + low, fuelLeft };
}
