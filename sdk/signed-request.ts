import { appendSignature, createSignature, type RequestDescriptor } from 'http-message-sig';
import {
  REQUEST_NONCE_BYTES,
  REQUEST_SIGNATURE_LABEL,
  requestSignatureParameters,
  SIGNED_COMPONENTS,
} from '../core/index.ts';
import type { ActorSigner } from './actor-signer.ts';
import type { Platform } from './platform.ts';

export interface RequestToSign {
  readonly method: string;
  readonly url: string;
  /** Content-Digest of its body. */
  readonly digest: string;
}

/**
 * The headers that authorise one request as this actor's (RFC 9421, `RQ1`): Content-Digest, Signature-Input and Signature.
 * They hold for this method, URL and body, once, for at most a minute.
 */
export async function signRequest(
  { method, url, digest }: RequestToSign,
  signer: ActorSigner,
  { now, randomBytes }: Pick<Platform, 'now' | 'randomBytes'>,
): Promise<Headers> {
  const fields = [{ name: 'content-digest', value: digest }];
  const message: RequestDescriptor = { kind: 'request', method, targetUri: url, fields };
  const signature = await createSignature(message, {
    label: REQUEST_SIGNATURE_LABEL,
    components: SIGNED_COMPONENTS,
    parameters: requestSignatureParameters(signer.actor, now(), randomBytes(REQUEST_NONCE_BYTES)),
    signer: { algorithm: 'ed25519', sign: (data) => signer.sign(data) },
  });
  return appendSignature(new Headers({ 'content-digest': digest }), signature);
}
