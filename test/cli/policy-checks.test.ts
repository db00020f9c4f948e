import { describe, expect, test } from 'vitest';
import type { RelayInfo, RelayPolicies } from '../../core/index.ts';
import { checkPolicies } from '../../cli/doctor/policy-checks.ts';
import type { ModuleView } from '../../sdk/index.ts';

const NOW = 1_000;

function listed(name: string, changes: Partial<ModuleView> = {}): ModuleView {
  const manifest = { version: 1, previous: undefined, abi: 1, size: 1, fuel: 1, pages: 1, notBefore: 0, adminEpoch: 1 };
  return { ...manifest, name, hash: `hash of ${name}`, expiresAt: NOW + 1, index: 1, revokedAt: undefined, ...changes };
}

function check(policies: RelayPolicies | undefined, ...modules: readonly ModuleView[]) {
  const info: RelayInfo = { name: '', version: '', checkpointKey: '', time: '', admission: 'open' };
  return checkPolicies(policies === undefined ? info : { ...info, policies }, modules, NOW);
}

const ledger = listed('ledger');

describe('what the doctor says of policies', () => {
  test('[PX11] all is well where the relay loads them, or has all that can be bound', () => {
    const gone = [listed('old', { expiresAt: NOW }), listed('taken-back', { revokedAt: 3 })];
    expect(check({ run: 'isolates', modules: [] }, ledger).status).toBe('ok');
    expect(check({ run: 'bundled', modules: [ledger.hash] }, ledger, ...gone).status).toBe('ok');
    expect(check({ run: 'none', modules: [] }, ...gone).status).toBe('ok');
  });

  test('[PX11] it fails where none can be run and some are listed, and says how to deploy', () => {
    const failed = check({ run: 'none', modules: [] }, ledger);
    expect(failed).toMatchObject({ status: 'fail', found: 'the relay can run none, and the registry lists ledger 1' });
    expect(failed).toMatchObject({ todo: expect.stringMatching(/--env policies.*--module FILE/) as string });
  });

  test('[PX11] it warns of those that were not bundled, a few by name', () => {
    const others = ['a', 'b', 'c', 'd', 'e'].map((name) => listed(name));
    expect(check({ run: 'bundled', modules: [ledger.hash] }, ledger, ...others)).toMatchObject({
      status: 'warn',
      found: 'the relay runs the 1 that it was deployed with, and not a 1, b 1, c 1 and 2 more',
    });
  });

  test('[PX11] it warns of a relay that does not say', () => {
    expect(check(undefined, ledger).status).toBe('warn');
  });
});
