import type { ClientState, EpochReceiverData } from 'ts-mls';
import { createApplicationMessage } from 'ts-mls/createMessage.js';
import { encodeMlsMessage } from 'ts-mls/message.js';
import { unprotectPrivateMessage } from 'ts-mls/messageProtection.js';
import { decryptSenderData } from 'ts-mls/privateMessage.js';
import { leafToNodeIndex, toLeafIndex } from 'ts-mls/treemath.js';
import { equalBytes, ok, type ActorKey, type Result } from '../../core/index.ts';
import { parseApplicationMessage, parseCredentialIdentity } from '../../core/mls/index.ts';
import { decodePrivateMessage } from './framed-message.ts';
import type { GroupState } from './group-state.ts';
import { openState, replaceClient } from './open-state.ts';
import { paddedLength } from './padding.ts';
import { provenActor } from './proven-actor.ts';
import { refuse, type EngineRefusal } from './refusal.ts';
import { loadSuite } from './suite.ts';

/** Leaves room for padding, framing and `authenticated_data` within what core's parser accepts. */
export const MAX_PLAINTEXT_BYTES = 768 * 1024;

export interface EncryptedMessage {
  /** Store it before the message leaves: the same key must never encrypt twice. */
  readonly state: GroupState;
  /** An MLSMessage that holds a PrivateMessage. */
  readonly message: Uint8Array;
}

export interface DecryptedMessage {
  /** Store it: the key is used up, so the same message can't be read again. */
  readonly state: GroupState;
  readonly plaintext: Uint8Array;
  /** Whose leaf the message is signed by. To be compared with the actor of the entry that carries it. */
  readonly sender: ActorKey;
  readonly authenticatedData: Uint8Array;
  readonly epoch: number;
}

/** Encrypts for the members of the state's epoch, padded by `paddedLength`. */
export async function encrypt(
  state: GroupState,
  plaintext: Uint8Array,
  authenticatedData: Uint8Array,
): Promise<Result<EncryptedMessage, EngineRefusal>> {
  if (state.status === 'removed') return refuse('not-a-member');
  if (plaintext.length > MAX_PLAINTEXT_BYTES) return refuse('mls-too-large');
  const { client } = openState(state);
  const padUntilLength = paddedLength(plaintext.length);
  const padded: ClientState = {
    ...client,
    // RFC 9420 §12.4 has them committed before: that is for the caller, who knows what this member may commit.
    unappliedProposals: {},
    clientConfig: { ...client.clientConfig, paddingConfig: { kind: 'padUntilLength', padUntilLength } },
  };
  const { newState, privateMessage } = await createApplicationMessage(
    padded,
    plaintext,
    await loadSuite(client.groupContext.cipherSuite),
    authenticatedData,
  );
  const message = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_private_message', privateMessage });
  const { unappliedProposals } = client;
  return ok({ state: replaceClient(state, { ...newState, unappliedProposals }), message });
}

/**
 * Decrypts and verifies a message of the current epoch or of the three before it, in any order. Never throws for what
 * `message` holds; a refusal leaves `state` as good as it was.
 */
export async function decrypt(
  state: GroupState,
  message: Uint8Array,
): Promise<Result<DecryptedMessage, EngineRefusal>> {
  const parsed = parseApplicationMessage(message);
  if (!parsed.ok) return parsed;
  const { groupId, epoch } = parsed.value;
  if (!equalBytes(groupId, state.groupId)) return refuse('message-group');
  if (epoch > state.epoch) return refuse('message-future');
  const { client } = openState(state);
  const keys = epoch === state.epoch ? currentKeys(client) : client.historicalReceiverData.get(BigInt(epoch));
  if (keys === undefined) return refuse('message-expired');
  const opened = await unprotect(client, keys, message);
  if (!opened.ok) return opened;
  const { secretTree, plaintext, sender } = opened.value;
  const next = replaceClient(state, withSecretTree(client, BigInt(epoch), { ...keys, secretTree }));
  return ok({ state: next, plaintext, sender, authenticatedData: parsed.value.authenticatedData, epoch });
}

/** Under the shape that ts-mls keeps past epochs in, so that one way of reading serves both. */
function currentKeys(client: ClientState): EpochReceiverData {
  const { secretTree, ratchetTree, groupContext, keySchedule } = client;
  const { senderDataSecret, resumptionPsk } = keySchedule;
  return { secretTree, ratchetTree, groupContext, senderDataSecret, resumptionPsk };
}

function withSecretTree(client: ClientState, epoch: bigint, keys: EpochReceiverData): ClientState {
  if (epoch === client.groupContext.epoch) return { ...client, secretTree: keys.secretTree };
  const historicalReceiverData = new Map(client.historicalReceiverData).set(epoch, keys);
  return { ...client, historicalReceiverData };
}

type Opened = Pick<EpochReceiverData, 'secretTree'> & Pick<DecryptedMessage, 'plaintext' | 'sender'>;

async function unprotect(
  client: ClientState,
  keys: EpochReceiverData,
  bytes: Uint8Array,
): Promise<Result<Opened, EngineRefusal>> {
  try {
    const suite = await loadSuite(client.groupContext.cipherSuite);
    const message = decodePrivateMessage(bytes);
    const senderData = await decryptSenderData(message, keys.senderDataSecret, suite);
    if (senderData === undefined) return refuse('message-unreadable');
    if (senderData.leafIndex === client.privatePath.leafIndex) return refuse('message-own');
    const sender = actorAt(keys, senderData.leafIndex);
    if (sender === undefined) return refuse('message-unreadable');
    const { senderDataSecret, secretTree, ratchetTree, groupContext } = keys;
    const { keyRetentionConfig } = client.clientConfig;
    const { content, tree } = await unprotectPrivateMessage(
      senderDataSecret,
      message,
      secretTree,
      ratchetTree,
      groupContext,
      keyRetentionConfig,
      suite,
    );
    if (content.content.contentType !== 'application') return refuse('message-unreadable');
    return ok({ secretTree: tree, plaintext: content.content.applicationData, sender });
  } catch {
    return refuse('message-unreadable');
  }
}

function actorAt({ ratchetTree }: EpochReceiverData, leafIndex: number): ActorKey | undefined {
  const node = ratchetTree[leafToNodeIndex(toLeafIndex(leafIndex))];
  if (node?.nodeType !== 'leaf' || node.leaf.credential.credentialType !== 'basic') return undefined;
  const identity = parseCredentialIdentity(node.leaf.credential.identity);
  return identity && provenActor(identity.actor);
}
