import {
  chainIdOf,
  decode,
  decodeTrusted,
  err,
  eventTbs,
  ok,
  submission,
  toBase64Url,
  type Result,
} from '../../core/index.ts';
import type { RelayEnvironment } from '../../durable-objects/index.ts';
import { judgeGenesis, type CheckSignatures, type RelayRefusal } from '../../relay/index.ts';
import { admitFounding } from './admission.ts';
import { relayIdentity } from './identity.ts';
import { chainObject } from './objects.ts';

export interface FoundingContext {
  readonly request: Request;
  readonly env: RelayEnvironment;
  readonly clock: number;
  readonly checkSignatures: CheckSignatures;
}

export interface FoundedChain {
  /** base64url */
  readonly chain: string;
  /** An AppendAnswer with the receipt of entry 0. */
  readonly receipt: Uint8Array;
}

/**
 * Founds the chain of an encoded genesis, or finds it again, which nobody is asked or counted for. A new one is admitted
 * only once its genesis would do: what is refused costs its founder nothing, and nobody is charged for what they did not
 * sign.
 */
export async function foundChain(
  body: Uint8Array,
  context: FoundingContext,
): Promise<Result<FoundedChain, RelayRefusal>> {
  const genesis = decode(submission, body);
  if (!genesis.ok) return err({ ...genesis.error });
  const { event, signature } = genesis.value;
  const chain = toBase64Url(chainIdOf({ tbs: event, signature }));
  const object = chainObject(context.env, chain);
  const known = await object.genesis();
  if (known.ok) return ok({ chain, receipt: known.value });
  const refusal = judge(body, context) ?? (await admit(event, chain, context));
  if (refusal !== undefined) return err(refusal);
  const founded = await object.found(body);
  return founded.ok ? ok({ chain, receipt: founded.value }) : founded;
}

function judge(body: Uint8Array, { env, clock, checkSignatures }: FoundingContext): RelayRefusal | undefined {
  const judged = judgeGenesis(body, { key: relayIdentity(env), check: checkSignatures, clock });
  return judged.ok ? undefined : judged.error;
}

/** The event has been judged, so it parses and its actor has signed it. */
function admit(
  event: Uint8Array,
  chain: string,
  { request, env, clock, checkSignatures: check }: FoundingContext,
): Promise<RelayRefusal | undefined> {
  return admitFounding(request, env, { chain, founder: decodeTrusted(eventTbs, event).actor, clock, check });
}
