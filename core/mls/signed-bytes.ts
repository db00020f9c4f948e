import { sha256, signContent, type VerifyJob } from '../crypto/index.ts';

/** The job that checks a signature of RFC 9420 §5.1.2: SignContent with the label behind "MLS 1.0 ". */
export function mlsSignatureJob(options: {
  readonly key: Uint8Array;
  readonly label: 'FramedContentTBS' | 'LeafNodeTBS' | 'KeyPackageTBS' | 'GroupInfoTBS';
  readonly content: Uint8Array;
  readonly signature: Uint8Array;
}): VerifyJob {
  const { key, label, content, signature } = options;
  return { key, message: signContent(`MLS 1.0 ${label}`, content), signature };
}

/** RefHash of RFC 9420 §5.2, which has the shape of SignContent: a label and a value, each behind its length. */
export function refHash(label: 'KeyPackage' | 'Proposal', value: Uint8Array, hash = sha256): Uint8Array {
  return hash(signContent(`MLS 1.0 ${label} Reference`, value));
}

/** What precedes the signature in a structure that ends with one: the bytes that it covers, as they were received. */
export function withoutTrailing(structure: Uint8Array, ...trailing: readonly Uint8Array[]): Uint8Array {
  return structure.subarray(
    0,
    trailing.reduce((end, field) => end - vectorBytes(field), structure.length),
  );
}

/** Bytes that `opaque x<V>` takes with its length prefix (RFC 9420 §2.1.2). */
function vectorBytes({ length }: Uint8Array): number {
  if (length < 0x40) return length + 1;
  return length < 0x4000 ? length + 2 : length + 4;
}
