import { INVITATION_HEADER, toBase64Url, toHex } from '../../core/index.ts';
import type { RelayEnvironment } from '../../durable-objects/index.ts';
import {
  configureAdmission,
  configureLimits,
  judgeInvitation,
  type CheckSignatures,
  type LimitName,
  type RelayRefusal,
} from '../../relay/index.ts';
import { addressOf } from './address.ts';
import { admissionObject } from './objects.ts';

/** A genesis that is judged and that no chain has yet. */
export interface NewChain {
  /** base64url */
  readonly chain: string;
  readonly founder: Uint8Array;
  readonly clock: number;
  readonly check: CheckSignatures;
}

/** Whether this founder may have one more chain here (`AD1`–`AD4`). What it counts is durable; a refusal counts nothing. */
export async function admitFounding(
  request: Request,
  env: RelayEnvironment,
  founding: NewChain,
): Promise<RelayRefusal | undefined> {
  const { rule } = configureAdmission({ ...env });
  const founder = toBase64Url(founding.founder);
  if (rule.kind === 'list' && !rule.actors.has(founder)) return { code: 'founding-not-allowed' };
  if (rule.kind === 'invite') {
    const context = { relayName: env.RELAY_NAME, operatorKey: rule.operatorKey, ...founding };
    const refusal = await admitInvited(request, env, founder, context);
    if (refusal !== undefined) return refusal;
  }
  const address = addressOf(request, env);
  return (
    (await countChain(env, `actor ${founder}`, 'founder-chains', founding.chain)) ??
    (address === undefined ? undefined : countChain(env, `address ${address}`, 'address-chains', founding.chain))
  );
}

/** An actor whom an invitation has let in needs none again. */
async function admitInvited(
  request: Request,
  env: RelayEnvironment,
  founder: string,
  context: Parameters<typeof judgeInvitation>[1],
): Promise<RelayRefusal | undefined> {
  const actor = admissionObject(env, `actor ${founder}`);
  if (await actor.isAdmitted()) return undefined;
  const judged = judgeInvitation(request.headers.get(INVITATION_HEADER), context);
  if (!judged.ok) return judged.error;
  const { id, uses, expiresAt } = judged.value;
  const refusal = await admissionObject(env, `invitation ${toHex(id)}`).redeem(founder, uses, expiresAt);
  if (refusal !== null) return refusal;
  await actor.admit();
  return undefined;
}

async function countChain(
  env: RelayEnvironment,
  object: string,
  limitName: LimitName,
  chain: string,
): Promise<RelayRefusal | undefined> {
  const limit = configureLimits({ ...env }).limits[limitName];
  if (limit.count === Infinity) return undefined;
  return (await admissionObject(env, object).countFounding({ chain, limitName, limit })) ?? undefined;
}
