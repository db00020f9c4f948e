import {
  eventDefinitions,
  findModule,
  HASH_BYTES,
  MAX_RECORD_BYTES,
  moduleRevokedAt,
  opaque,
  opaqueVector,
  struct,
  text,
  toBase64Url,
  uint16,
  uint32,
  vector,
  type Decoded,
  type ImportedFacts,
} from '../../core/index.ts';
import type { VerifiedEntry } from '../chain/page-verification.ts';
import type { TimelineContent } from './stored-item.ts';

/** Of a module (`AR6`). */
const MAX_NAME_BYTES = 64;
const MAX_GUARDS = 64;

const listedModule = { name: text(MAX_NAME_BYTES), version: uint32, module: opaque(HASH_BYTES) };

export const policyBoundContent = struct('BoundPolicyItem', { ...listedModule, guards: vector(uint16, MAX_GUARDS) });
export const policyRevokedContent = struct('RevokedPolicyItem', listedModule);
export const policyRecordedContent = struct('PolicyRecordItem', { content: opaqueVector(MAX_RECORD_BYTES) });

/** What put a policy in force, or took it out. */
export function boundPolicyIn({ state }: VerifiedEntry): TimelineContent {
  const { policy } = groupOf(state);
  if (policy === undefined) return { kind: 'policyUnbound', value: {} };
  return { kind: 'policyBound', value: { ...listed(state, policy.module), guards: policy.guards } };
}

/** Whether this import brought the revocation of what is in force (`PB11`): nothing of a registry else is for people. */
export function revokedPolicyIn({ state }: VerifiedEntry, { entries }: ImportedFacts): TimelineContent | undefined {
  const { policy, registry } = groupOf(state);
  if (policy === undefined || registry === undefined) return undefined;
  const revokedAt = moduleRevokedAt(registry.state, policy.module);
  if (revokedAt === undefined || revokedAt < registry.size - entries.length) return undefined;
  return { kind: 'policyRevoked', value: listed(state, policy.module) };
}

type State = VerifiedEntry['state'];

function groupOf(state: State) {
  if (state.kind !== 'group') throw new Error('an event of groups passed the rules of another chain');
  return state.value;
}

function listed(state: State, module: Uint8Array) {
  const { registry } = groupOf(state);
  const manifest = registry && findModule(registry.state, module)?.manifest;
  if (manifest === undefined) throw new Error('what is in force was published');
  return { name: manifest.name, version: manifest.version, module };
}

/** Name of a built-in event, as policies guard it. */
export function nameOfEvent(type: number): string {
  return eventDefinitions.find((definition) => definition.type === type)?.name ?? String(type);
}

/** Name, version and hash for programs. */
export function viewListed({ name, version, module }: Decoded<typeof policyRevokedContent>): {
  readonly name: string;
  readonly version: number;
  readonly module: string;
} {
  return { name, version, module: toBase64Url(module) };
}
