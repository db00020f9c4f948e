import { problems, type JudgedRefusal } from '../../core/index.ts';
import { fingerprintOf } from '../../sdk/index.ts';
import { Failure } from '../failure.ts';
import { utcTime } from '../utc-time.ts';

/** A rule of the registry that a statement breaks, for whoever holds its file. */
export function refusalFailure(refusal: JudgedRefusal): Failure {
  const { message, hint } = explain(refusal);
  return new Failure('failed', refusal.code, message, hint);
}

function explain(refusal: JudgedRefusal): { readonly message: string; readonly hint?: string } {
  switch (refusal.code) {
    case 'wrong-registry':
      return { message: 'This was made for another registry.' };
    case 'wrong-admin-epoch':
      return {
        message: `This is for other admins than those in force, who are of epoch ${refusal.epoch}.`,
        hint: 'Make it anew: the admins changed since.',
      };
    case 'root-out-of-order':
      return {
        message: `The admins in force are of epoch ${refusal.epoch}, and the next are of ${refusal.epoch + 1}.`,
        hint: 'Prepare it anew: terachat admin rotate.',
      };
    case 'root-expired':
      return {
        message: `These admins expired on ${utcTime(refusal.expiresAt)}.`,
        hint: 'Expired admins sign for nothing but the next: terachat admin rotate.',
      };
    case 'invalid-admin-root':
      return { message: ROOT_FAULTS[refusal.reason] };
    case 'signer-unknown':
      return { message: withKey(refusal.key, 'A signature is of nobody who signs here.'), hint: BEGIN_ANEW };
    case 'signer-repeated':
      return { message: withKey(refusal.key, 'A key signs once, and counts once.'), hint: BEGIN_ANEW };
    case 'signer-revoked':
      return { message: withKey(refusal.key, 'A signature is of a revoked key.'), hint: BEGIN_ANEW };
    case 'admin-key-revoked':
      return { message: withKey(refusal.key, 'A revoked key can not become an admin again.') };
    case 'admin-signature-invalid':
      return { message: withKey(refusal.key, 'A signature is not of the key that it names.'), hint: BEGIN_ANEW };
    case 'threshold-not-met':
      return { message: `${refusal.actual} of the ${refusal.threshold} signatures are there that it takes.` };
    case 'too-few-admins':
      return {
        message: `Too few admins would be left: ${refusal.left}, and it takes ${refusal.threshold} to sign.`,
        hint: 'Rotate to other admins instead: terachat admin rotate.',
      };
    case 'module-version-not-rising':
      return { message: `Version ${refusal.version} of this module is published already.` };
    case 'unsupported-statement':
      return { message: 'This is no statement of the kind that belongs here.' };
    default:
      return { message: problems[refusal.code].title };
  }
}

const ROOT_FAULTS = {
  'first-epoch': 'The first admins are of epoch 1.',
  'repeated-key': 'A key stands twice, and would count for two.',
  'bad-key': 'One of the keys is none that could ever sign.',
  threshold: 'The threshold is not one that these keys can reach.',
} as const;

const BEGIN_ANEW = 'Begin with a copy that is without it.';

function withKey(key: Uint8Array, message: string): string {
  return key.length === 32 ? `${message} The key is ${fingerprintOf(key)}.` : message;
}
