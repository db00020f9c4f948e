import { toBase64 } from '../../core/index.ts';
import { loadDefaultSuite } from '../../sdk/mls/suite.ts';

/**
 * While it is under way, whatever the MLS client seals can be opened by nobody: the fault of one member's client, whose commits
 * are sound in everything that is public. Clients of one process share what they seal with, so `end` it before another commits.
 */
export async function garblePathSecrets(): Promise<{ readonly end: () => void }> {
  const { hpke } = await loadDefaultSuite();
  const { seal } = hpke;
  hpke.seal = async (...args) => {
    const { enc, ct } = await seal.apply(hpke, args);
    return { enc, ct: ct.map((byte) => byte ^ 0xff) };
  };
  return { end: () => void (hpke.seal = seal) };
}

/**
 * The same with path secrets that everyone can open, and that lead to other keys than the path shows. Only the keys of the path:
 * which secrets are its own is known when the first of them is sealed.
 */
export async function bendPathKeys(): Promise<{ readonly end: () => void }> {
  const { hpke } = await loadDefaultSuite();
  const { deriveKeyPair, seal } = hpke;
  const bent = new Set<string>();
  let isSealing = false;
  hpke.deriveKeyPair = (secret) => {
    const name = toBase64(secret);
    if (!isSealing) bent.add(name);
    return deriveKeyPair.call(hpke, bent.has(name) ? secret.map((byte) => ~byte) : secret);
  };
  hpke.seal = (...args) => {
    isSealing = true;
    return seal.apply(hpke, args);
  };
  return { end: () => void Object.assign(hpke, { deriveKeyPair, seal }) };
}
