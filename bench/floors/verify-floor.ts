import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { eventSignContent } from '../../core/index.ts';
import type { SpawnedRelay } from '../../workers/local.ts';

/** An event that names a payload, as long as the loads sign it. */
const EVENT_BYTES = 184;

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const message = eventSignContent(new Uint8Array(EVENT_BYTES));
const signature = sign(null, message, privateKey);

/** Signatures a second that workerd's fastest verifier checks: a loop in one request, timed from outside. */
export async function verifyRateInWorkerd(floors: SpawnedRelay, count: number): Promise<number> {
  const key = publicKey.export({ format: 'der', type: 'spki' });
  const parts = { key, message: Buffer.from(message), signature };
  const encoded = Object.fromEntries(Object.entries(parts).map(([name, bytes]) => [name, bytes.toString('base64')]));
  const body = JSON.stringify({ ...encoded, count });
  const startMs = performance.now();
  const response = await fetch(`${floors.url}/verify`, { method: 'POST', body });
  const elapsedMs = performance.now() - startMs;
  if (response.status !== 200) throw new Error(`the raw verifier answered ${response.status}`);
  return (count * 1000) / elapsedMs;
}

/** Signatures a second that this process's fastest verifier checks. */
export function verifyRateInNode(count: number): number {
  const startMs = performance.now();
  let valid = 0;
  for (let i = 0; i < count; i++) if (verify(null, message, publicKey, signature)) valid++;
  const elapsedMs = performance.now() - startMs;
  if (valid !== count) throw new Error('the raw verifier refused a signature');
  return (count * 1000) / elapsedMs;
}
