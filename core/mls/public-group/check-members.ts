import type { Extension, LeafNode } from 'ts-mls';
import { extensionTypeToNumber } from 'ts-mls/extension.js';
import { toBase64 } from '../../bytes/index.ts';
import { ok, type Result } from '../../result.ts';
import { refuse, type MlsRefusal, type MlsTreeCode } from '../refusal.ts';
import {
  LAST_STANDARD_EXTENSION,
  LAST_STANDARD_PROPOSAL,
  readGroupExtensions,
  type RequiredCapabilities,
} from './group-extensions.ts';
import { leavesOf, type PublicTree } from './public-tree.ts';

/**
 * What must hold of all members together (RFC 9420 §7.3): no key and no client twice, everyone able to handle everyone's
 * credential and whatever the group demands. Looks at each leaf once, and hashes nothing.
 */
export function checkMembers(
  tree: PublicTree,
  extensions: readonly Extension[],
): Result<undefined, MlsRefusal<MlsTreeCode>> {
  const leaves = [...leavesOf(tree)].map(([, leaf]) => leaf);
  const encryptionKeys = tree.nodes.flatMap((node) => (node === undefined ? [] : [node.encryptionKey]));
  if (!areDistinct(encryptionKeys)) return refuse('tree-encryption-key');
  if (!areDistinct(leaves.map(({ signatureKey }) => signatureKey))) return refuse('tree-signature-key');
  if (!areDistinct(leaves.map(({ client }) => toBase64(client)))) return refuse('tree-client');
  return checkCapabilities(
    leaves.map(({ node }) => node),
    extensions,
  );
}

/** Whether each of the leaves can handle the credentials of all, and what the group's extensions are and demand. */
export function checkCapabilities(
  leaves: readonly Pick<LeafNode, 'capabilities' | 'credential'>[],
  extensions: readonly Extension[],
): Result<undefined, MlsRefusal<MlsTreeCode>> {
  const demands = readGroupExtensions(extensions);
  if (!demands.ok) return demands;
  const credentials = [...new Set(leaves.map(({ credential }) => credential.credentialType))];
  const groupExtensions = extensions.map(({ extensionType }) => extensionTypeToNumber(extensionType));
  for (const { capabilities } of leaves) {
    if (!credentials.every((type) => capabilities.credentials.includes(type))) return refuse('tree-credential-type');
    if (!supportsExtensions(capabilities, groupExtensions)) return refuse('tree-group-extensions');
    if (!hasRequired(capabilities, demands.value.required)) return refuse('tree-required-capabilities');
  }
  return ok(undefined);
}

function areDistinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

type Capabilities = LeafNode['capabilities'];

function supportsExtensions({ extensions }: Capabilities, types: readonly number[]): boolean {
  return types.every((type) => type <= LAST_STANDARD_EXTENSION || extensions.includes(type));
}

export function supportsProposal({ proposals }: Capabilities, type: number): boolean {
  return type <= LAST_STANDARD_PROPOSAL || proposals.includes(type);
}

function hasRequired(capabilities: Capabilities, required: RequiredCapabilities | undefined): boolean {
  if (required === undefined) return true;
  return (
    supportsExtensions(capabilities, required.extensionTypes) &&
    required.proposalTypes.every((type) => supportsProposal(capabilities, type)) &&
    required.credentialTypes.every((type) => capabilities.credentials.includes(type))
  );
}
