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
