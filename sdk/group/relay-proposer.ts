import { fromBase64Url, parseActorKey, SIGNATURE_BYTES, type RelayInfo } from '../../core/index.ts';
import { bindingJob, type ExternalSender } from '../../core/mls/index.ts';
import type { CheckSignatures } from '../chain/chain-trust.ts';
import { UntrustedError } from '../errors.ts';

/**
 * The relay as the external sender of a group with this suite (`ML82`). Undefined where it offers none: an older relay, or a suite
 * whose signatures it has no key for. What it offers without proof is refused: the group would be.
 */
export async function proposerIn(
  { proposer }: RelayInfo,
  suite: number,
  check: CheckSignatures,
): Promise<ExternalSender | undefined> {
  const { key, bindings } = proposer ?? {};
  const binding = bindings?.[suite];
  if (key === undefined || binding === undefined) return undefined;
  const actor = parseActorKey(fromBase64Url(key) ?? NOTHING);
  const signature = fromBase64Url(binding);
  if (actor === undefined || signature?.length !== SIGNATURE_BYTES) throw unproved();
  const identity = { actor, binding: signature };
  const [isBound] = await check([bindingJob(identity, suite, actor)]);
  if (isBound !== true) throw unproved();
  return { signatureKey: actor, identity };
}

const NOTHING = new Uint8Array();

function unproved(): UntrustedError {
  return new UntrustedError('malformed-answer', 'the relay does not prove the key that it would propose by');
}
