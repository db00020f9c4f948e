import { fromHex } from '../../core/bytes/index.ts';
import { createSignatureChecker, verifyOracle, type VerifyJob } from '../../core/crypto/index.ts';
import { signWithMixedOrderKey, signWithMixedOrderR } from '../core/crypto/mixed-order.ts';
import { createNodeVerifier, verifyByWebCrypto } from './platform-verifiers.ts';
import type { ConformanceCase, VectorFiles } from './vectors.ts';

interface Judged {
  readonly name: string;
  readonly job: VerifyJob;
  readonly isValid: boolean;
}

interface WycheproofFile {
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string };
    readonly tests: readonly { tcId: number; comment: string; msg: string; sig: string; result: string }[];
  }[];
}

type SpeccheckFile = readonly { readonly message: string; readonly pub_key: string; readonly signature: string }[];

/**
 * Every job under the three verifiers of the admission rule, one by one, and then all in one batch (`ED7`). The order of
 * platforms in the answer is fixed, so a difference between them shows in the diff.
 */
export function ed25519Cases(files: VectorFiles): ConformanceCase[] {
  const published = Object.entries(files).flatMap(([path, file]) => judgedOf(path, file));
  if (published.length === 0) return [];
  const judged = [...published, ...mixedOrder()];
  const single = judged.map(({ name, job, isValid }) => ({
    name,
    ask: async () => (await verdictsOf([job])).map(([verdict]) => verdict),
    expected: [isValid, isValid, isValid],
  }));
  const all = judged.map(({ isValid }) => isValid);
  const batch = {
    name: `${judged.length} jobs in one batch`,
    ask: () => verdictsOf(judged.map(({ job }) => job)),
    expected: [all, all, all],
  };
  return [...single, batch];
}

/** Verdicts by the oracle, by `node:crypto` and by WebCrypto. */
async function verdictsOf(jobs: readonly VerifyJob[]): Promise<boolean[][]> {
  const inNode = createSignatureChecker({ verifyBatch: createNodeVerifier() });
  const inWebCrypto = createSignatureChecker({ verifyBatch: verifyByWebCrypto });
  return [jobs.map(verifyOracle), inNode.check(jobs), await inWebCrypto.check(jobs)];
}

function judgedOf(path: string, file: unknown): Judged[] {
  if (Array.isArray(file)) return (file as SpeccheckFile).map((entry, i) => speccheckCase(path, entry, i));
  return (file as WycheproofFile).testGroups.flatMap(({ publicKey, tests }) =>
    tests.map(({ tcId, comment, msg, sig, result }) => ({
      name: `${path} ${tcId} ${comment}`,
      job: { key: bytesOf(publicKey.pk), message: bytesOf(msg), signature: bytesOf(sig) },
      isValid: result === 'valid',
    })),
  );
}

/** Each of the twelve is made of small order, torsion, S >= L or a second encoding: the rule refuses them all. */
function speccheckCase(path: string, entry: SpeccheckFile[number], index: number): Judged {
  const job = { key: bytesOf(entry.pub_key), message: bytesOf(entry.message), signature: bytesOf(entry.signature) };
  return { name: `${path} ${index}`, job, isValid: false };
}

/** What no published vector has: torsion of each kind in A alone, where the equation holds, and in R alone. */
function mixedOrder(): Judged[] {
  const seed = new Uint8Array(32).fill(42);
  return [1, 2, 3, 4, 5, 6, 7].flatMap((torsion) => [
    { name: `torsion ${torsion} in A`, job: signWithMixedOrderKey(seed, torsion), isValid: false },
    { name: `torsion ${torsion} in R`, job: signWithMixedOrderR(seed, torsion, new Uint8Array(3)), isValid: false },
  ]);
}

function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  if (bytes === undefined) throw new Error(`a vector holds ${hex} for hexadecimal`);
  return bytes;
}
