import type { ClientState, Extension, GroupInfo, Welcome } from 'ts-mls';
import { joinGroupWithExtensions } from 'ts-mls/clientState.js';
import { makeKeyPackageRef } from 'ts-mls/keyPackage.js';
import { decodeMlsMessage } from 'ts-mls/message.js';
import { decryptGroupInfo, decryptGroupSecrets } from 'ts-mls/welcome.js';
import { equalBytes, ok, type ActorKey, type Result } from '../../core/index.ts';
import { findSuiteByName, parseWelcome } from '../../core/mls/index.ts';
import { clientConfigFor } from './client-config.ts';
import type { GroupState } from './group-state.ts';
import { makeState, openState } from './open-state.ts';
import { parseOwnKeyPackage, type OwnKeyPackage } from './own-key-package.ts';
import { provenActor } from './proven-actor.ts';
import { refuse, type EngineRefusal } from './refusal.ts';
import { loadSuite } from './suite.ts';
import { JOINER_NOTE_EXTENSION } from './welcome.ts';

export interface JoinedGroup {
  readonly state: GroupState;
  /** Who signed the GroupInfo: the member whose commit let this client in. */
  readonly inviter: ActorKey;
  /** What the inviter wrote for joiners. */
  readonly joinerNote: Uint8Array | undefined;
}

/**
 * Joins by a Welcome, with the `privateState` of the KeyPackage that it addresses. Every leaf of the tree is verified,
 * its binding included. The caller compares `state.groupId` with the chain that it means to join.
 */
export async function joinGroup(
  welcome: Uint8Array,
  privateState: Uint8Array,
): Promise<Result<JoinedGroup, EngineRefusal>> {
  const parsed = parseWelcome(welcome);
  if (!parsed.ok) return parsed;
  const own = parseOwnKeyPackage(privateState);
  if (!own.ok) return own;
  const { hash } = await loadSuite(own.value.keyPackage.cipherSuite);
  const ref = await makeKeyPackageRef(own.value.keyPackage, hash);
  if (!parsed.value.refs.some((addressed) => equalBytes(addressed, ref))) return refuse('welcome-not-addressed');
  const opened = await openWelcome(welcome, own.value, ref);
  if (opened === undefined) return refuse('welcome-unprocessable');
  const state = makeState(opened.client);
  if (!state.ok) return state;
  const inviter = openState(state.value).leaves.find(({ leafIndex }) => leafIndex === opened.signer);
  if (inviter === undefined) return refuse('welcome-unprocessable');
  return ok({ state: state.value, inviter: provenActor(inviter.actor), joinerNote: noteOf(opened.extensions) });
}

interface OpenedWelcome {
  readonly client: ClientState;
  readonly extensions: readonly Extension[];
  readonly signer: number;
}

async function openWelcome(
  bytes: Uint8Array,
  { keyPackage, secrets }: OwnKeyPackage,
  ref: Uint8Array,
): Promise<OpenedWelcome | undefined> {
  try {
    const suite = await loadSuite(keyPackage.cipherSuite);
    const known = findSuiteByName(keyPackage.cipherSuite);
    if (known === undefined) return undefined;
    // ts-mls gives no signer, so the GroupInfo is opened twice; a copy each, since it overwrites the secrets it used.
    const groupInfo = await readGroupInfo(decodeWelcome(bytes), { keyPackage, secrets }, ref);
    const [client, extensions] = await joinGroupWithExtensions(
      decodeWelcome(bytes),
      keyPackage,
      secrets,
      { findPsk: () => undefined },
      suite,
      undefined,
      undefined,
      clientConfigFor(known.id),
    );
    return groupInfo && { client, extensions, signer: groupInfo.signer };
  } catch {
    return undefined;
  }
}

async function readGroupInfo(
  welcome: Welcome,
  { keyPackage, secrets }: OwnKeyPackage,
  ref: Uint8Array,
): Promise<GroupInfo | undefined> {
  const suite = await loadSuite(keyPackage.cipherSuite);
  const initKey = await suite.hpke.importPrivateKey(secrets.initPrivateKey);
  const groupSecrets = await decryptGroupSecrets(initKey, ref, welcome, suite.hpke);
  if (groupSecrets === undefined) return undefined;
  return decryptGroupInfo(welcome, groupSecrets.joinerSecret, new Uint8Array(suite.kdf.size), suite);
}

function decodeWelcome(bytes: Uint8Array): Welcome {
  const message = decodeMlsMessage(bytes.slice(), 0)?.[0];
  if (message?.wireformat !== 'mls_welcome') throw new TypeError('parsed as a Welcome before');
  return message.welcome;
}

function noteOf(extensions: readonly Extension[]): Uint8Array | undefined {
  return extensions.find(({ extensionType }) => extensionType === JOINER_NOTE_EXTENSION)?.extensionData;
}
