import type { Capabilities, ClientState, Proposal } from 'ts-mls';
import { createProposal } from 'ts-mls';
import { createCommit, createGroupInfoWithExternalPubAndRatchetTree } from 'ts-mls/createCommit.js';
import { generateKeyPackageWithKey } from 'ts-mls/keyPackage.js';
import { decodeMlsMessage, encodeMlsMessage } from 'ts-mls/message.js';
import { clientConfig } from '../../../sdk/mls/client-config.ts';
import { openState, type GroupState } from '../../../sdk/mls/group-state.ts';
import { encodeKeyPackageMessage } from '../../../sdk/mls/key-package.ts';
import { loadSuite } from '../../../sdk/mls/suite.ts';
import type { MlsIdentity } from '../../../sdk/mls/index.ts';
import { NOW_MS } from './people.ts';

const NOW_SECONDS = BigInt(NOW_MS / 1000);
const HOUR_SECONDS = 3600n;

/** A member whose software checks no credential and puts into a commit whatever it likes. */
export async function commitAnything(
  state: GroupState,
  extraProposals: Proposal[],
  alter: (client: ClientState) => ClientState = (client) => client,
) {
  const trusting = { ...clientConfig, authService: { validateCredential: async () => true } };
  const client = alter({ ...openState(state).client, clientConfig: trusting });
  const context = { state: client, cipherSuite: await loadSuite() };
  const made = await createCommit(context, { wireAsPublicMessage: true, ratchetTreeExtension: true, extraProposals });
  const groupInfo = await createGroupInfoWithExternalPubAndRatchetTree(made.newState, [], await loadSuite());
  return {
    commit: encodeMlsMessage(made.commit),
    client: made.newState,
    groupInfo: encodeMlsMessage({ version: 'mls10', wireformat: 'mls_group_info', groupInfo }),
    welcome: made.welcome && encodeMlsMessage({ version: 'mls10', wireformat: 'mls_welcome', welcome: made.welcome }),
  };
}

/** A proposal by itself, as a PublicMessage or a PrivateMessage. */
export async function proposeAnything(state: GroupState, proposal: Proposal, asPublicMessage = true) {
  const { client } = openState(state);
  const made = await createProposal(client, asPublicMessage, proposal, await loadSuite());
  return { message: encodeMlsMessage(made.message), client: made.newState };
}

export function addition(keyPackageMessage: Uint8Array): Proposal {
  const decoded = decodeMlsMessage(keyPackageMessage, 0)?.[0];
  if (decoded?.wireformat !== 'mls_key_package') throw new Error('no KeyPackage');
  return { proposalType: 'add', add: { keyPackage: decoded.keyPackage } };
}

export function removal(removed: number): Proposal {
  return { proposalType: 'remove', remove: { removed } };
}

export interface Oddities {
  readonly capabilities?: Partial<Capabilities>;
  readonly lifetime?: { readonly notBefore: bigint; readonly notAfter: bigint };
  readonly leafExtensions?: number[];
  readonly identity?: Uint8Array;
}

/** A KeyPackage that is signed as it should be and odd in one way, as an MLSMessage. */
export async function oddKeyPackage(identity: MlsIdentity, oddities: Oddities): Promise<Uint8Array> {
  const { publicPackage } = await generateKeyPackageWithKey(
    { credentialType: 'basic', identity: oddities.identity ?? identity.credentialIdentity },
    {
      versions: ['mls10'],
      ciphersuites: ['MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519'],
      extensions: [],
      proposals: [],
      credentials: ['basic'],
      ...oddities.capabilities,
    },
    oddities.lifetime ?? { notBefore: NOW_SECONDS - HOUR_SECONDS, notAfter: NOW_SECONDS + HOUR_SECONDS },
    [],
    { signKey: identity.signatureSeed, publicKey: identity.signatureKey },
    await loadSuite(),
    (oddities.leafExtensions ?? []).map((extensionType) => ({ extensionType, extensionData: new Uint8Array() })),
  );
  return encodeKeyPackageMessage(publicPackage);
}
