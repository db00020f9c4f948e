import type { Capabilities, CiphersuiteName, ClientState, Extension, PreSharedKeyID, Proposal, PskIndex } from 'ts-mls';
import { createApplicationMessage, createProposal } from 'ts-mls/createMessage.js';
import { createCommit, createGroupInfoWithExternalPubAndRatchetTree } from 'ts-mls/createCommit.js';
import { encodeExternalSender } from 'ts-mls/externalSender.js';
import { signKeyPackage } from 'ts-mls/keyPackage.js';
import { signLeafNodeKeyPackage } from 'ts-mls/leafNode.js';
import { decodeMlsMessage, encodeMlsMessage } from 'ts-mls/message.js';
import { encodeRequiredCapabilities, type RequiredCapabilities } from 'ts-mls/requiredCapabilities.js';
import { treeHashRoot } from 'ts-mls/treeHash.js';
import { encode, opaqueVector } from '../../../core/index.ts';
import { DEFAULT_SUITE } from '../../../core/mls/index.ts';
import { clientConfigFor } from '../../../sdk/mls/client-config.ts';
import type { GroupState } from '../../../sdk/mls/group-state.ts';
import { makeState, openState } from '../../../sdk/mls/open-state.ts';
import { encodeKeyPackageMessage } from '../../../sdk/mls/own-key-package.ts';
import { loadDefaultSuite } from '../../../sdk/mls/suite.ts';
import type { MlsIdentity } from '../../../sdk/mls/index.ts';
import { NOW_MS, valueOf } from './people.ts';

const NOW_SECONDS = BigInt(NOW_MS / 1000);
const HOUR_SECONDS = 3600n;

/** A member whose software checks no credential and puts into a commit whatever it likes. */
export async function commitAnything(
  state: GroupState,
  extraProposals: readonly Proposal[],
  options: {
    readonly alter?: (client: ClientState) => ClientState;
    readonly authenticatedData?: Uint8Array;
    readonly psks?: PskIndex;
  } = {},
) {
  const { alter = (client: ClientState) => client, authenticatedData = new Uint8Array(), psks } = options;
  const trusting = { ...clientConfigFor(DEFAULT_SUITE.id), authService: { validateCredential: async () => true } };
  const client = alter({ ...openState(state).client, clientConfig: trusting });
  const context = { state: client, cipherSuite: await loadDefaultSuite(), ...(psks && { pskIndex: psks }) };
  const made = await createCommit(context, {
    wireAsPublicMessage: true,
    ratchetTreeExtension: true,
    extraProposals: [...extraProposals],
    authenticatedData,
  });
  const groupInfo = await createGroupInfoWithExternalPubAndRatchetTree(made.newState, [], await loadDefaultSuite());
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
  const made = await createProposal(client, asPublicMessage, proposal, await loadDefaultSuite());
  return { message: encodeMlsMessage(made.message), client: made.newState };
}

/** A member that signs with its own key and says that the message comes from this leaf. */
export async function encryptAs(state: GroupState, leafIndex: number, text: string): Promise<Uint8Array> {
  const { client } = openState(state);
  const impostor = { ...client, privatePath: { ...client.privatePath, leafIndex } };
  const made = await createApplicationMessage(impostor, new TextEncoder().encode(text), await loadDefaultSuite());
  const { privateMessage } = made;
  return encodeMlsMessage({ version: 'mls10', wireformat: 'mls_private_message', privateMessage });
}

export function addition(keyPackageMessage: Uint8Array): Proposal {
  const decoded = decodeMlsMessage(keyPackageMessage, 0)?.[0];
  if (decoded?.wireformat !== 'mls_key_package') throw new Error('no KeyPackage');
  return { proposalType: 'add', add: { keyPackage: decoded.keyPackage } };
}

export function removal(removed: number): Proposal {
  return { proposalType: 'remove', remove: { removed } };
}

const ODD_EXTENSION = 0xf0f0;

/**
 * The founder's group with three other members, as their clients would have left it that blow up their leaves: each holds an
 * extension of so many bytes. What they would have signed is not there; whoever follows the group has verified that before.
 */
export async function withFatLeaves(state: GroupState, bytes: readonly [number, number, number]): Promise<GroupState> {
  const { client } = openState(state);
  const own = client.ratchetTree[0];
  if (own?.nodeType !== 'leaf') throw new Error('the founder has the first leaf');
  const capabilities = { ...own.leaf.capabilities, extensions: [ODD_EXTENSION] };
  const fat = bytes.map((length, index) => {
    const key = new Uint8Array(32).fill(0x40 + index);
    const identity = new Uint8Array(96).fill(0x50 + index);
    const leaf = {
      ...own.leaf,
      hpkePublicKey: key,
      signaturePublicKey: key,
      credential: { credentialType: 'basic' as const, identity },
      capabilities,
      extensions: [{ extensionType: ODD_EXTENSION, extensionData: new Uint8Array(length) }],
    };
    return { nodeType: 'leaf' as const, leaf };
  });
  const ratchetTree = [own, ...fat].flatMap((node, index) => (index === 0 ? [node] : [undefined, node]));
  const treeHash = await treeHashRoot(ratchetTree, (await loadDefaultSuite()).hash);
  const made = makeState({ ...client, ratchetTree, groupContext: { ...client.groupContext, treeHash } });
  return valueOf(made);
}

/** One external sender, as an extension of a GroupContext. */
export function externalSenders(signatureKey: Uint8Array, identity: Uint8Array): Extension {
  const sender = { signaturePublicKey: signatureKey, credential: { credentialType: 'basic' as const, identity } };
  const encoded = encodeExternalSender(sender);
  return { extensionType: 'external_senders', extensionData: encode(opaqueVector(1000), encoded) };
}

/** One type of each that members have to support, as an extension of a GroupContext. */
export function requiredCapabilities(types: Partial<RequiredCapabilities>): Extension {
  const none = { extensionTypes: [], proposalTypes: [], credentialTypes: [] };
  const extensionData = encodeRequiredCapabilities({ ...none, ...types });
  return { extensionType: 'required_capabilities', extensionData };
}

export function newExtensions(...extensions: Extension[]): Proposal {
  return { proposalType: 'group_context_extensions', groupContextExtensions: { extensions } };
}

/** One that the group's own epoch left behind, or of another kind. */
export function preSharedKey(id: Partial<Record<string, unknown>>): Proposal {
  const preSharedKeyId = { pskNonce: new Uint8Array(32), ...id } as unknown as PreSharedKeyID;
  return { proposalType: 'psk', psk: { preSharedKeyId } };
}

export interface Oddities {
  readonly capabilities?: Partial<Capabilities>;
  readonly lifetime?: { readonly notBefore: bigint; readonly notAfter: bigint };
  readonly leafExtensions?: number[];
  readonly identity?: Uint8Array;
  readonly initKey?: Uint8Array;
  readonly encryptionKey?: Uint8Array;
}

const ORDINARY_CAPABILITIES: Capabilities = {
  versions: ['mls10'],
  ciphersuites: [DEFAULT_SUITE.name as CiphersuiteName],
  extensions: [],
  proposals: [],
  credentials: ['basic'],
};

/** A KeyPackage that is signed as it should be and odd in one way, as an MLSMessage. */
export async function oddKeyPackage(identity: MlsIdentity, oddities: Oddities): Promise<Uint8Array> {
  const { signature } = await loadDefaultSuite();
  const leafNode = await signLeafNodeKeyPackage(
    {
      leafNodeSource: 'key_package',
      hpkePublicKey: oddities.encryptionKey ?? new Uint8Array(32).fill(1),
      signaturePublicKey: identity.signatureKey,
      credential: { credentialType: 'basic', identity: oddities.identity ?? identity.credentialIdentity },
      capabilities: { ...ORDINARY_CAPABILITIES, ...oddities.capabilities },
      lifetime: oddities.lifetime ?? { notBefore: NOW_SECONDS - HOUR_SECONDS, notAfter: NOW_SECONDS + HOUR_SECONDS },
      extensions: (oddities.leafExtensions ?? []).map((extensionType) => ({
        extensionType,
        extensionData: new Uint8Array(),
      })),
    },
    identity.signatureSeed,
    signature,
  );
  const unsigned = {
    version: 'mls10',
    cipherSuite: DEFAULT_SUITE.name as CiphersuiteName,
    initKey: oddities.initKey ?? new Uint8Array(32).fill(2),
    leafNode,
    extensions: [],
  } as const;
  return encodeKeyPackageMessage(
    await signKeyPackage({ ...unsigned, extensions: [] }, identity.signatureSeed, signature),
  );
}
