import type { Extension } from 'ts-mls';
import { decodeVarLenType, varLenTypeEncoder } from 'ts-mls/codec/variableLength.js';
import { encode } from 'ts-mls/codec/tlsEncoder.js';
import { decodeExternalSender, externalSenderEncoder } from 'ts-mls/externalSender.js';
import { decodeRequiredCapabilities, encodeRequiredCapabilities } from 'ts-mls/requiredCapabilities.js';
import { ok, type Result } from '../../result.ts';
import { decodeWhole } from '../message.ts';
import { refuse, type MlsRefusal } from '../refusal.ts';

export type RequiredCapabilities = NonNullable<ReturnType<typeof decodeRequiredCapabilities>>[0];
type ExternalSender = NonNullable<ReturnType<typeof decodeExternalSender>>[0];

/** The extensions of a GroupContext that say who may do what. */
export interface GroupExtensions {
  readonly required: RequiredCapabilities | undefined;
  readonly externalSenders: readonly ExternalSender[];
}

/** Types that RFC 9420 itself defines are supported by everyone and listed by nobody (§7.2). */
export const LAST_STANDARD_EXTENSION = 5;
export const LAST_STANDARD_PROPOSAL = 7;

/** Whether something is required that everyone has anyway, and that no capabilities list. */
export function namesStandardTypes({ extensionTypes, proposalTypes }: RequiredCapabilities): boolean {
  return (
    extensionTypes.some((type) => type <= LAST_STANDARD_EXTENSION) ||
    proposalTypes.some((type) => type <= LAST_STANDARD_PROPOSAL)
  );
}

const decodeSenders = decodeVarLenType(decodeExternalSender);
const encodeSenders = encode(varLenTypeEncoder(externalSenderEncoder));

/** Refuses a type twice, and content that is not what its type says (RFC 9420 §11.1, §12.1.8.1). */
export function readGroupExtensions(
  extensions: readonly Extension[],
): Result<GroupExtensions, MlsRefusal<'group-extensions-malformed'>> {
  const byType = new Map(extensions.map(({ extensionType, extensionData }) => [extensionType, extensionData]));
  if (byType.size !== extensions.length) return refuse('group-extensions-malformed');
  const requiredData = byType.get('required_capabilities');
  const sendersData = byType.get('external_senders');
  const required = requiredData && decodeWhole(requiredData, decodeRequiredCapabilities, encodeRequiredCapabilities);
  const senders = sendersData && decodeWhole(sendersData, decodeSenders, encodeSenders);
  if (required?.ok === false || senders?.ok === false) return refuse('group-extensions-malformed');
  return ok({ required: required?.value, externalSenders: senders?.value ?? [] });
}
