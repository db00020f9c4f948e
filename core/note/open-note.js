import { utf8ToBytes } from '../bytes/index.ts';
import { err, ok } from '../result.ts';
import { cosignatureMessage, parseTimestampedSignature } from './cosignature.ts';
import { parseNote } from './note.ts';
import { isLineOf } from './verifier-key.ts';
export function openNote(note, keys, verify) {
    const claims = claimsOf(note, keys);
    // A refused note verifies nothing, but still asks, so that the answer has the port's shape.
    const verdicts = verify(claims.ok ? claims.value.claims.map((claim) => claim.job) : []);
    if (Array.isArray(verdicts))
        return settle(claims, verdicts);
    return verdicts.then((settled) => settle(claims, settled));
}
function claimsOf(note, keys) {
    const parsed = parseNote(note);
    if (!parsed.ok)
        return parsed;
    const { text, signatures } = parsed.value;
    const claims = [];
    for (const line of signatures) {
        const key = keys.find((known) => isLineOf(line, known));
        if (key === undefined)
            continue;
        const claim = claimOf(text, line, key);
        if (claim === undefined)
            return err({ code: 'note-signature-invalid', name: key.name });
        claims.push(claim);
    }
    return claims.length > 0 ? ok({ text, claims }) : err({ code: 'note-unsigned' });
}
/** Undefined where the bytes don't have the form of the key's algorithm. */
function claimOf(text, line, key) {
    switch (key.algorithm) {
        case 'ed25519': {
            const job = { key: key.publicKey, message: utf8ToBytes(text), signature: line.signature };
            return { job, signature: { kind: 'ed25519', key } };
        }
        case 'cosignature-v1': {
            const stamped = parseTimestampedSignature(line.signature);
            if (stamped === undefined)
                return undefined;
            const { timeSeconds, signature } = stamped;
            const job = { key: key.publicKey, message: cosignatureMessage(timeSeconds, text), signature };
            return { job, signature: { kind: 'cosignature-v1', key, timeSeconds } };
        }
        default:
            return key.algorithm;
    }
}
function settle(claims, verdicts) {
    if (!claims.ok)
        return claims;
    const signatures = claims.value.claims.map((claim) => claim.signature);
    const failed = signatures.find((_, i) => verdicts[i] !== true);
    if (failed !== undefined)
        return err({ code: 'note-signature-invalid', name: failed.key.name });
    return ok({ text: claims.value.text, signatures });
}
