import {
  equalBytes,
  MAX_CLAIM_DEVICES,
  toBase64Url,
  type ChainId,
  type ClaimedKeyPackage,
  type ClaimOutcome,
  type GrantedRole,
} from '../../core/index.ts';
import { parseKeyPackage } from '../../core/mls/index.ts';
import { RelayProblem, UntrustedError } from '../errors.ts';
import type { Platform } from '../platform.ts';
import type { RelayClient } from '../relay-client.ts';
import type { InvitedActor } from './group.ts';
import type { Addition } from './mls-committer.ts';

export interface ClaimContext {
  readonly client: RelayClient;
  readonly platform: Platform;
  readonly chain: ChainId;
  readonly ciphersuite: number;
}

/** What came of asking several devices for a KeyPackage each. */
export interface Claims {
  readonly add: readonly Addition[];
  /** One for each actor, in order. */
  readonly actors: readonly InvitedActor[];
}

/** Claims one KeyPackage of each actor, `MAX_CLAIM_DEVICES` a call. */
export async function claimKeyPackages(
  actors: readonly Uint8Array[],
  role: GrantedRole,
  context: ClaimContext,
  signal: AbortSignal | undefined,
): Promise<Claims> {
  const { client, chain, ciphersuite } = context;
  const add: Addition[] = [];
  const reports: InvitedActor[] = [];
  for (let from = 0; from < actors.length; from += MAX_CLAIM_DEVICES) {
    const devices = actors.slice(from, from + MAX_CLAIM_DEVICES);
    const outcomes = await client.claimKeyPackages(chain, { ciphersuite, devices }, signal);
    for (const [index, outcome] of outcomes.entries()) {
      const actor = devices[index] as Uint8Array;
      reports.push(reportOf(actor, outcome));
      if (outcome.kind === 'claimed') add.push(additionOf({ actor, role }, outcome.value, context));
    }
  }
  return { add, actors: reports };
}

/** Throws for the first actor whose device gave nothing; the details list all. */
export function assertAllClaimed({ actors }: Claims): void {
  const missing = actors.find(({ outcome }) => outcome !== 'invited');
  if (missing === undefined) return;
  if (missing.outcome === 'limited') {
    throw new RelayProblem('rate-limited', { actors, retryAfterMs: String(missing.retryAfterMs) });
  }
  throw new RelayProblem(missing.outcome === 'unavailable' ? 'unavailable' : 'key-packages-exhausted', { actors });
}

/** A KeyPackage of this very actor: the relay hands it out, and could hand out another one (`CL13`). */
function additionOf(
  { actor, role }: Pick<Addition, 'actor' | 'role'>,
  { ref, keyPackage, token }: ClaimedKeyPackage,
  { platform, ciphersuite }: ClaimContext,
): Addition {
  const parsed = parseKeyPackage(keyPackage, { nowMs: platform.now() });
  const isRight =
    parsed.ok &&
    equalBytes(parsed.value.ref, ref) &&
    equalBytes(parsed.value.actor, actor) &&
    parsed.value.suite === ciphersuite;
  if (isRight) return { actor, role, keyPackage, keyPackageRef: ref, claimToken: token };
  const why = parsed.ok ? 'it is not the one that was asked for' : parsed.error.code;
  throw new UntrustedError('key-package-invalid', `a claimed KeyPackage is refused: ${why}`);
}

function reportOf(device: Uint8Array, { kind, value }: ClaimOutcome): InvitedActor {
  const actor = toBase64Url(device);
  if (kind === 'limited') return { actor, outcome: kind, retryAfterMs: value.retryAfterMs };
  return { actor, outcome: OUTCOMES[kind] };
}

const OUTCOMES = {
  claimed: 'invited',
  exhausted: 'exhausted',
  expired: 'expired',
  nothingCompatible: 'nothing-compatible',
  unavailable: 'unavailable',
} as const satisfies Record<Exclude<ClaimOutcome['kind'], 'limited'>, InvitedActor['outcome']>;
