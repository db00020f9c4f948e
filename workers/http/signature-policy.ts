import { REQUEST_SIGNATURE_LABEL, SIGNED_COMPONENTS } from '../../core/index.ts';

export const SIGNATURE_ALGORITHM = 'ed25519';

/** How far ahead of the relay a signer's clock may be; one that is behind loses it from its signature's lifetime. */
export const MAX_FUTURE_SKEW_S = 5;

const components = SIGNED_COMPONENTS.map((name) => `"${name}"`).join(' ');

/** What a caller who did not sign, or signed wrongly, is asked for (RFC 9421 §5.1, `RQ7`). */
export const ACCEPT_SIGNATURE = `${REQUEST_SIGNATURE_LABEL}=(${components});created;expires;nonce;keyid;alg="${SIGNATURE_ALGORITHM}"`;
