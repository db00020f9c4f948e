import {
  ACTOR_BYTES,
  agreementKeyOf,
  decode,
  encode,
  MAX_ENVELOPE_BYTES,
  opaque,
  opaqueVector,
  parseActorKey,
  SIGNATURE_BYTES,
  signContent,
  struct,
  uint64,
  utf8ToBytes,
  version,
  type ActorKey,
  type Decoded,
} from '../core/index.ts';
import type { ActorSigner } from './actor-signer.ts';
import type { CheckSignatures } from './chain/chain-trust.ts';
import { hpkeOpen, hpkeSeal } from './mls/index.ts';

const LABEL = 'TeraChat Envelope v1';
const INFO = utf8ToBytes(LABEL);
const ENCAPSULATED_BYTES = 32;
/** What sealing adds, and some room. */
const OVERHEAD_BYTES = 256;
/** Largest content of an envelope. */
export const MAX_SEALED_CONTENT_BYTES = MAX_ENVELOPE_BYTES - OVERHEAD_BYTES;

const envelopeCodec = struct('Envelope', {
  version: version(1),
  encapsulated: opaque(ENCAPSULATED_BYTES),
  ciphertext: opaqueVector(MAX_ENVELOPE_BYTES),
});

const contentFields = {
  sender: opaque(ACTOR_BYTES),
  /** ms since the Unix epoch, by the sender's clock. */
  sentAt: uint64,
  content: opaqueVector(MAX_SEALED_CONTENT_BYTES),
};
const sealedContent = struct('SealedContent', {
  version: version(1),
  ...contentFields,
  signature: opaque(SIGNATURE_BYTES),
});
/** Names the recipient too: who opens an envelope can't hand it on as if it had been for another. */
const sealedContentTbs = struct('SealedContentTBS', { recipient: opaque(ACTOR_BYTES), ...contentFields });

/** An envelope's content, proven to be its sender's and for this recipient. */
export interface OpenedEnvelope {
  readonly sender: ActorKey;
  readonly sentAt: number;
  readonly content: Uint8Array;
}

/** Signs and seals to the recipient's own key (`SE8`). Throws a RangeError where the content is over its limit. */
export async function sealEnvelope(
  content: Uint8Array,
  { recipient, signer, now }: { readonly recipient: ActorKey; readonly signer: ActorSigner; readonly now: number },
): Promise<Uint8Array> {
  if (content.length > MAX_SEALED_CONTENT_BYTES) {
    throw new RangeError(`${content.length} bytes are more than the ${MAX_SEALED_CONTENT_BYTES} of an envelope`);
  }
  const said = { sender: signer.actor, sentAt: now, content };
  const signature = await signer.sign(signedBytes(recipient, said));
  const plaintext = encode(sealedContent, { version: 1, ...said, signature });
  return encode(envelopeCodec, { version: 1, ...(await hpkeSeal(agreementKeyOf(recipient), plaintext, INFO)) });
}

/** Undefined for an envelope that is not sealed to this recipient, or whose content its sender did not sign for it. */
export async function openEnvelope(
  bytes: Uint8Array,
  { recipient, secret, check }: { recipient: ActorKey; secret: Uint8Array; check: CheckSignatures },
): Promise<OpenedEnvelope | undefined> {
  const envelope = decode(envelopeCodec, bytes);
  const plaintext = envelope.ok ? await hpkeOpen(secret, envelope.value, INFO) : undefined;
  const said = plaintext && decode(sealedContent, plaintext);
  if (said?.ok !== true) return undefined;
  const sender = parseActorKey(said.value.sender);
  if (sender === undefined) return undefined;
  const { sentAt, content, signature } = said.value;
  const job = { key: sender, message: signedBytes(recipient, said.value), signature };
  const [isGenuine] = await check([job]);
  return isGenuine === true ? { sender, sentAt, content } : undefined;
}

type Said = Omit<Decoded<typeof sealedContentTbs>, 'recipient'>;

function signedBytes(recipient: Uint8Array, { sender, sentAt, content }: Said): Uint8Array {
  return signContent(LABEL, encode(sealedContentTbs, { recipient, sender, sentAt, content }));
}
