import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
/** SHA-256 (FIPS 180-4) over the parts as if they were one string. Returns 32 bytes. */
export function sha256(...parts) {
    const [only] = parts;
    if (only !== undefined && parts.length === 1)
        return nobleSha256(only);
    const hash = nobleSha256.create();
    for (const part of parts)
        hash.update(part);
    return hash.digest();
}
