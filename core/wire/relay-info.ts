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
  /** What the relay signs its requests to other operators' shard nodes with (`SN12`): an Ed25519 key, 32 bytes as base64url. */
  readonly nodeKey?: string;
  /** How policies are run here (`PX11`). */
  readonly policies?: RelayPolicies;
  /** Who proposes the removal of revoked devices from outside an MLS group, if its founder lets it (`NA16`). */
  readonly proposer?: RelayProposer;
}

/** An external sender of MLS groups. All base64url. */
export interface RelayProposer {
  /** The relay's actor, and its MLS signature key, 32 bytes. */
  readonly key: string;
  /** What binds the key to the actor (`ML3`), 64 bytes, by the number of a cipher suite with Ed25519 signatures. */
  readonly bindings: Readonly<Record<string, string>>;
}

/** In `isolates` a relay runs any module of its registry; of `bundled` those alone that it was given, and of `none` none. */
export interface RelayPolicies {
  readonly run: 'isolates' | 'bundled' | 'none';
  /** SHA-256 of the modules that it was given, base64url; none where it runs any. */
  readonly modules: readonly string[];
}

/**
 * Whether what `GET /v1/relay` answered tells enough to be used. An older relay says less and a newer one more; what one says has to
 * be of the kind that it is read as.
 */
export function isRelayInfo(json: unknown): json is RelayInfo {
  if (!isObject(json)) return false;
  const { name, version, checkpointKey, time, nodeKey = '', policies, proposer } = json;
  return (
    [name, version, checkpointKey, time, nodeKey].every(isText) &&
    (policies === undefined || isPolicies(policies)) &&
    (proposer === undefined || isProposer(proposer))
  );
}

function isPolicies(json: unknown): boolean {
  return isObject(json) && isText(json['run']) && Array.isArray(json['modules']) && json['modules'].every(isText);
}

function isProposer(json: unknown): boolean {
  if (!isObject(json)) return false;
  const { key, bindings } = json;
  return isText(key) && isObject(bindings) && Object.values(bindings).every(isText);
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null;
}

function isText(json: unknown): json is string {
  return typeof json === 'string';
}
