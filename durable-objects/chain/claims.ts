import { toBase64Url, type ClaimOutcome, type KeyPackageClaims } from '../../core/index.ts';
import type { AdmittedClaim } from '../../relay/index.ts';
import type { DeviceObject } from '../device/object.ts';
import type { RelayEnvironment } from '../platform/environment.ts';
import { reportIncident } from '../platform/incident.ts';

/**
 * Claims one KeyPackage of each device for one commit of a chain (`KP12`). The chain has answered for the claimer. Devices
 * are asked side by side, and one that fails to answer takes nothing away from the others.
 */
export function claimOfEach(
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
