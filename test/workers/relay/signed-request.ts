import { createSignatureSync } from 'http-message-sig';
import {
  contentDigest,
  MEDIA_TYPE,
  publicKeyOf,
  REQUEST_SIGNATURE_LABEL,
  SIGNED_COMPONENTS,
  signEd25519,
  toBase64Url,
} from '../../../core/index.ts';

export const RELAY_URL = 'https://relay.example';

export const ALICE = new Uint8Array(32).fill(0xa1);
export const BOB = new Uint8Array(32).fill(0xb0);

export function nameOf(seed: Uint8Array): string {
  return toBase64Url(publicKeyOf(seed));
}

/** What a signature says about itself; everything has the value of an honest client unless a test sets it. */
export interface Signing {
  readonly seed?: Uint8Array;
  readonly components?: readonly string[];
  readonly label?: string;
  readonly parameters?: Readonly<Record<string, string | number | undefined>>;
  /** Content-Digest header; undefined leaves it out. */
  readonly digest?: string | undefined;
  readonly sign?: (message: Uint8Array) => Uint8Array;
}

export interface Call {
  readonly method?: string;
  readonly path: string;
  readonly body?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the relay that is asked. */
  readonly origin?: string;
}

/** A request as an honest client signs it at `nowMs`, except for what the test changes. */
export function signRequest(
  { method = 'GET', path, body, headers = {}, origin = RELAY_URL }: Call,
  nowMs: number,
  signing: Signing = {},
): Request {
  const request = new Request(`${origin}${path}`, { method });
  const { seed = ALICE, components = SIGNED_COMPONENTS, label = REQUEST_SIGNATURE_LABEL } = signing;
  const digest = 'digest' in signing ? signing.digest : contentDigest(body ?? new Uint8Array());
  const created = Math.floor(nowMs / 1000);
  const message = {
    kind: 'request' as const,
    method,
    targetUri: request.url,
    fields: [
      ...Object.entries(headers).map(([name, value]) => ({ name, value })),
      ...(digest === undefined ? [] : [{ name: 'content-digest', value: digest }]),
    ],
  };
  const parameters: Readonly<Record<string, string | number | undefined>> = {
    created,
    expires: created + 60,
    nonce: toBase64Url(crypto.getRandomValues(new Uint8Array(16))),
    alg: 'ed25519',
    ...signing.parameters,
    // Derived only where nobody says it: that takes as long as a signature.
    keyid: signing.parameters && 'keyid' in signing.parameters ? signing.parameters['keyid'] : nameOf(seed),
  };
  const sign = signing.sign ?? ((bytes: Uint8Array) => signEd25519(seed, bytes));
  const fields = createSignatureSync(message, {
    label,
    components,
    parameters: Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined)),
    // The claimed algorithm must be the signer's own for the library, so a test that claims another signs with that name.
    signer: { algorithm: String(parameters['alg'] ?? 'ed25519'), sign },
  });
  return new Request(request, {
    method,
    headers: {
      ...(body && { 'content-type': MEDIA_TYPE }),
      ...(digest !== undefined && { 'content-digest': digest }),
      ...headers,
      signature: fields.signature,
      'signature-input': fields.signatureInput,
    },
    ...(body && { body }),
  });
}

/** The same request with another address, method, header or body: what somebody on the way could change. */
export function alterRequest(request: Request, change: { readonly url?: string } & RequestInit): Request {
  const { url = request.url, ...init } = change;
  return new Request(url, {
    method: request.method,
    headers: request.headers,
    body: request.body,
    ...init,
  });
}
