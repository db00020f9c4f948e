import { concatBytes, utf8ToBytes } from '../bytes/index.ts';

/**
 * What a DSSE signature covers: PAE(type, body) = "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body, lengths in bytes and decimal
 * (DSSE protocol 1.0, "Signature Definition"). `payloadType` is encoded as UTF-8.
 */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = utf8ToBytes(payloadType);
  return concatBytes(utf8ToBytes(`DSSEv1 ${type.length} `), type, utf8ToBytes(` ${payload.length} `), payload);
}
