import { concatBytes, utf8ToBytes } from '../bytes/index.ts';
import { sha256, type VerifyJob } from '../crypto/index.ts';
import type { VerifiedModule } from './module-image.ts';
import { ModuleWriter } from './module-writer.ts';
import { HEADER_BYTES, SECTION } from './verify-module.ts';

const DOMAIN = utf8ToBytes('wasmsig');
/** The only version of the layout, what is signed (a module), and the hash (SHA-256). */
const FORM = [0x01, 0x01, 0x01];
const SECTION_NAME = utf8ToBytes('signature');
/** Of the algorithm, and of a public key as it is serialized. */
const ED25519 = 0x01;

/**
 * What a signature in the layout of the WebAssembly tool conventions ("Signatures.md") covers: every byte behind the header. For other
 * programs that look for one (`AR20`); no registry does.
 */
export function toolSignatureMessage({ bytes }: VerifiedModule): Uint8Array {
  return concatBytes(DOMAIN, Uint8Array.from(FORM), hashOfSections(bytes));
}

/** The module with that signature in front of its first section, in a custom one that engines pass over. It has another SHA-256. */
export function embedToolSignature(
  { bytes }: VerifiedModule,
  { key, signature }: Pick<VerifyJob, 'key' | 'signature'>,
): Uint8Array {
  const writer = new ModuleWriter();
  writer.append(bytes.subarray(0, HEADER_BYTES));
  writer.write(SECTION.custom);
  writer.sized((section) => {
    sizedBytes(section, SECTION_NAME);
    // One set, of one hash and one signature.
    section.write(...FORM, 1, 1);
    section.append(hashOfSections(bytes));
    section.write(1);
    sizedBytes(section, Uint8Array.of(ED25519, ...key));
    section.write(ED25519);
    sizedBytes(section, signature);
  });
  writer.append(bytes.subarray(HEADER_BYTES));
  return writer.finish().slice();
}

function hashOfSections(bytes: Uint8Array): Uint8Array {
  return sha256(bytes.subarray(HEADER_BYTES));
}

function sizedBytes(writer: ModuleWriter, bytes: Uint8Array): void {
  writer.u32(bytes.length);
  writer.append(bytes);
}
