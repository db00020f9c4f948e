import { err, ok, toBase64Url, type ClaimOutcome, type KeyPackageClaims, type Result } from '../../core/index.ts';
import { invitationTerms, type AdmittedClaim, type Caller, type RelayRefusal } from '../../relay/index.ts';
import type { DeviceObject } from '../device/object.ts';
import type { RelayEnvironment } from '../platform/environment.ts';
import { reportIncident } from '../platform/incident.ts';
import type { OpenChain } from './open-chain.ts';

/** Permission comes first, and says nothing of chain or device: a stranger learns and changes nothing (`KP4`). */
export async function claimFor(
  chain: OpenChain | undefined,
  caller: Caller,
  claims: KeyPackageClaims,
  env: RelayEnvironment,
): Promise<Result<readonly ClaimOutcome[], RelayRefusal>> {
  const { actor } = caller;
  const credentials = chain && invitationTerms(chain.head.state, actor);
  if (chain === undefined || credentials === undefined) return err({ code: 'not-permitted' });
  const admitted = chain.gate.admit(caller);
  if (!admitted.ok) return admitted;
  if (!(await chain.followed.confirm(actor))) return err({ code: 'unavailable' });
  const { chain: id, state } = chain.head;
  if (invitationTerms(state, actor) === undefined) return err({ code: 'not-permitted' });
  return ok(await claimOfEach(claims, { chain: id, credentials, claimer: actor }, env));
}

/**
 * Claims one KeyPackage of each device for one commit of a chain (`KP12`). The chain has answered for the claimer. Devices
 * are asked side by side, and one that fails to answer takes nothing away from the others.
 */
function claimOfEach(
  { devices, ciphersuite }: KeyPackageClaims,
  { claimer, ...terms }: Omit<AdmittedClaim, 'ciphersuite' | 'device'> & { readonly claimer: Uint8Array },
  env: RelayEnvironment,
): Promise<readonly ClaimOutcome[]> {
  const claimOf = async (device: Uint8Array): Promise<ClaimOutcome> => {
    try {
      const object = env.DEVICE.getByName(toBase64Url(device)) as unknown as DeviceObject;
      return await object.handOut({ ...terms, ciphersuite, device }, claimer);
    } catch (cause) {
      reportIncident('claim-failed', cause);
      return { kind: 'unavailable', value: {} };
    }
  };
  return Promise.all(devices.map(claimOf));
}
