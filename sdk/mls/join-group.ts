import type { ClientState, Extension, GroupInfo, Welcome } from 'ts-mls';
import { joinGroupWithExtensions } from 'ts-mls/clientState.js';
import { makeKeyPackageRef } from 'ts-mls/keyPackage.js';
import { decodeMlsMessage, encodeMlsMessage } from 'ts-mls/message.js';
import { accumulatePskSecret } from 'ts-mls/pskIndex.js';
import { decryptGroupInfo, decryptGroupSecrets } from 'ts-mls/welcome.js';
import { equalBytes, ok, type ActorKey, type Result } from '../../core/index.ts';
import { bindingJob, findSuiteByName, parseGroupInfo, parseWelcome } from '../../core/mls/index.ts';
import { clientConfigFor } from './client-config.ts';
import { decodeTree } from './decode-tree.ts';
import type { GroupState } from './group-state.ts';
import { makeState, openState } from './open-state.ts';
import { parseOwnKeyPackage, type OwnKeyPackage } from './own-key-package.ts';
import { NO_PRE_SHARED_KEYS, pskIndexOf, type PreSharedKey } from './pre-shared-keys.ts';
import { provenActor } from './proven-actor.ts';
import { refuse, type EngineRefusal } from './refusal.ts';
import { isGenuine, loadSuite } from './suite.ts';
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
 * its binding included. `ratchetTree`, by the tree hash that the log names, is for a Welcome that holds none: asked for by
 * `welcome-tree-missing`; `keys` are for one that needs pre-shared keys (`welcome-key-missing`). The caller compares `state.groupId` with the chain that it means to join.
 */
export async function joinGroup(
  welcome: Uint8Array,
  privateState: Uint8Array,
  ratchetTree?: Uint8Array,
  keys: readonly PreSharedKey[] = NO_PRE_SHARED_KEYS,
): Promise<Result<JoinedGroup, EngineRefusal>> {
  const parsed = parseWelcome(welcome);
  if (!parsed.ok) return parsed;
  const own = parseOwnKeyPackage(privateState);
  if (!own.ok) return own;
  const { hash } = await loadSuite(own.value.keyPackage.cipherSuite);
  const ref = await makeKeyPackageRef(own.value.keyPackage, hash);
  if (!parsed.value.refs.some((addressed) => equalBytes(addressed, ref))) return refuse('welcome-not-addressed');
  const read = await readGroupInfo(welcome, own.value, { ref, keys });
  if (!read.ok) return read;
  const groupInfo = read.value;
  if (ratchetTree === undefined && !holdsTree(groupInfo)) return refuse('welcome-tree-missing');
  const opened = await openWelcome(welcome, own.value, { ratchetTree, keys });
  if (opened === undefined) return refuse('welcome-unprocessable');
  const state = makeState(opened.client);
  if (!state.ok) return state;
  const inviter = openState(state.value).leaves.find(({ leafIndex }) => leafIndex === groupInfo.signer);
  if (inviter === undefined) return refuse('welcome-unprocessable');
  return ok({ state: state.value, inviter: provenActor(inviter.actor), joinerNote: noteOf(opened.extensions) });
}

/**
 * Who made a Welcome that addresses this KeyPackage, by the tree that `treeOf` gives for its tree hash where it holds none. A hint:
 * the signer's signature and binding are verified, the group is not. Undefined where the Welcome can't say.
 */
export async function inviterOf(
  welcome: Uint8Array,
  privateState: Uint8Array,
  treeOf: (treeHash: Uint8Array) => Promise<Uint8Array | undefined>,
  keys: readonly PreSharedKey[] = NO_PRE_SHARED_KEYS,
): Promise<ActorKey | undefined> {
  const own = parseOwnKeyPackage(privateState);
  if (!own.ok || !parseWelcome(welcome).ok) return undefined;
  const ref = await makeKeyPackageRef(own.value.keyPackage, (await loadSuite(own.value.keyPackage.cipherSuite)).hash);
  const read = await readGroupInfo(welcome, own.value, { ref, keys });
  if (!read.ok) return undefined;
  const groupInfo = read.value;
  const tree = holdsTree(groupInfo) ? undefined : await treeOf(groupInfo.groupContext.treeHash);
  const message = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_group_info', groupInfo });
  const parsed = parseGroupInfo(message, tree);
  if (!parsed.ok) return undefined;
  const { signer, signature, suite } = parsed.value;
  if (signer.identity === undefined) return undefined;
  const isTrue = await isGenuine([signature, bindingJob(signer.identity, suite, signer.signatureKey)]);
  return isTrue ? provenActor(signer.actor) : undefined;
}

interface OpenedWelcome {
  readonly client: ClientState;
  readonly extensions: readonly Extension[];
}

/** ts-mls gives no signer, so the GroupInfo is opened twice; a copy each, since it overwrites the secrets it used. */
async function openWelcome(
  bytes: Uint8Array,
  { keyPackage, secrets }: OwnKeyPackage,
  { ratchetTree, keys }: { readonly ratchetTree: Uint8Array | undefined; readonly keys: readonly PreSharedKey[] },
): Promise<OpenedWelcome | undefined> {
  try {
    const suite = await loadSuite(keyPackage.cipherSuite);
    const known = findSuiteByName(keyPackage.cipherSuite);
    if (known === undefined) return undefined;
    const [client, extensions] = await joinGroupWithExtensions(
      decodeWelcome(bytes),
      keyPackage,
      secrets,
      pskIndexOf(keys),
      suite,
      ratchetTree && decodeTree(ratchetTree, known),
      undefined,
      clientConfigFor(known.id),
    );
    return { client, extensions };
  } catch {
    return undefined;
  }
}

async function readGroupInfo(
  bytes: Uint8Array,
  { keyPackage, secrets }: OwnKeyPackage,
  { ref, keys }: { readonly ref: Uint8Array; readonly keys: readonly PreSharedKey[] },
): Promise<Result<GroupInfo, EngineRefusal>> {
  try {
    const suite = await loadSuite(keyPackage.cipherSuite);
    const welcome = decodeWelcome(bytes);
    const initKey = await suite.hpke.importPrivateKey(secrets.initPrivateKey);
    const groupSecrets = await decryptGroupSecrets(initKey, ref, welcome, suite.hpke);
    if (groupSecrets === undefined) return refuse('welcome-unprocessable');
    const known = pskIndexOf(keys);
    if (groupSecrets.psks.some((id) => known.findPsk(id) === undefined)) return refuse('welcome-key-missing');
    const zeros = new Uint8Array(suite.kdf.size);
    const [pskSecret] = await accumulatePskSecret(groupSecrets.psks, known, suite, zeros);
    const groupInfo = await decryptGroupInfo(welcome, groupSecrets.joinerSecret, pskSecret, suite);
    return groupInfo === undefined ? refuse('welcome-unprocessable') : ok(groupInfo);
  } catch {
    return refuse('welcome-unprocessable');
  }
}

function holdsTree({ extensions }: GroupInfo): boolean {
  return extensions.some(({ extensionType }) => extensionType === 'ratchet_tree');
}

function decodeWelcome(bytes: Uint8Array): Welcome {
  const message = decodeMlsMessage(bytes.slice(), 0)?.[0];
  if (message?.wireformat !== 'mls_welcome') throw new TypeError('parsed as a Welcome before');
  return message.welcome;
}

function noteOf(extensions: readonly Extension[]): Uint8Array | undefined {
  return extensions.find(({ extensionType }) => extensionType === JOINER_NOTE_EXTENSION)?.extensionData;
}
