/** Who may found chains: everybody within quotas, those with an invitation, or those whom the operator lists. */
export type AdmissionKind = 'open' | 'invite' | 'list';

/** What a client must know of a relay before it founds a chain there. Served as JSON, since people read it first. */
export interface RelayInfo {
  readonly name: string;
  readonly version: string;
  /** C2SP key name and Ed25519 key of every chain's checkpoints, 32 bytes as base64url. */
  readonly checkpointKey: string;
  /** The relay's clock in ms, as a decimal string. */
  readonly time: string;
  readonly admission: AdmissionKind;
}
