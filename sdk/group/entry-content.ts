import {
  chainGenesis,
  commitReported,
  decode,
  equalBytes,
  FIRST_APPLICATION_TYPE,
  groupMessage,
  memberAdded,
  memberRemoved,
  mlsCommit,
  mlsProposal,
  mlsReinitialised,
  policyBound,
  policyRecorded,
  predecessorNamed,
  registrySynced,
  roleChanged,
  sha256,
  type ChainId,
  type Decoded,
  type EventDefinition,
  type MlsCommit,
  type MlsProposal,
  type PayloadName,
} from '../../core/index.ts';
import type { VerifiedEntry } from '../chain/page-verification.ts';
import { RelayProblem, UntrustedError } from '../errors.ts';
import type { RelayClient } from '../relay-client.ts';
import { boundPolicyIn, revokedPolicyIn } from './policy-content.ts';
import type { StoredItem, TimelineContent } from './stored-item.ts';

export type MessageBody = Decoded<(typeof groupMessage)['body']>;

/** How messages and commits are opened: the one thing in which plain and MLS groups read differently. */
export interface ContentOpener {
  openMessage(entry: VerifiedEntry, body: MessageBody): Promise<TimelineContent>;
  /** Only called in MLS groups, as are those below. */
  followCommit(entry: VerifiedEntry, body: MlsCommit): Promise<TimelineContent>;
  takeProposal(entry: VerifiedEntry, body: MlsProposal): Promise<void>;
  /** Nothing of the group follows. */
  endGroup(): void;
}

/** What a verified entry means to those who read the group; undefined where there is nothing to show. */
export async function contentOf(entry: VerifiedEntry, opener: ContentOpener): Promise<TimelineContent | undefined> {
  const { event } = entry;
  if (event.type >= FIRST_APPLICATION_TYPE)
    return { kind: 'application', value: { type: event.type, body: event.body } };
  switch (event.type) {
    case chainGenesis.type:
      return { kind: 'founded', value: {} };
    case groupMessage.type:
      return opener.openMessage(entry, bodyOf(groupMessage, entry));
    case mlsCommit.type:
      return opener.followCommit(entry, bodyOf(mlsCommit, entry));
    case commitReported.type:
      return { kind: 'commitReported', value: reportOf(entry, bodyOf(commitReported, entry)) };
    case mlsProposal.type: {
      const body = bodyOf(mlsProposal, entry);
      await opener.takeProposal(entry, body);
      return body.purpose === 'leave' ? { kind: 'leaveRequested', value: {} } : undefined;
    }
    case mlsReinitialised.type: {
      const { successor, ciphersuite } = bodyOf(mlsReinitialised, entry);
      opener.endGroup();
      return { kind: 'reinitialised', value: { successor, suite: ciphersuite } };
    }
    case predecessorNamed.type:
      return { kind: 'succeeds', value: { predecessor: bodyOf(predecessorNamed, entry).chain } };
    case memberAdded.type:
      return { kind: 'membersChanged', value: { epoch: 0, added: [bodyOf(memberAdded, entry)], removed: [] } };
    case memberRemoved.type:
      return { kind: 'membersChanged', value: { epoch: 0, added: [], removed: [bodyOf(memberRemoved, entry).actor] } };
    case policyBound.type:
      return boundPolicyIn(entry);
    case policyRecorded.type:
      return { kind: 'policyRecorded', value: bodyOf(policyRecorded, entry) };
    case registrySynced.type:
      return revokedPolicyIn(entry, bodyOf(registrySynced, entry).facts);
    case roleChanged.type:
      return { kind: 'roleChanged', value: bodyOf(roleChanged, entry) };
    default:
      return undefined;
  }
}

/** The state holds whose commit it was: replay has looked. */
function reportOf({ state, index }: VerifiedEntry, body: Decoded<(typeof commitReported)['body']>) {
  const reports = state.kind === 'group' ? (state.value.mls?.reports ?? []) : [];
  const report = reports.find((one) => one.index === index);
  if (report === undefined) throw new Error(`entry ${index} was verified and is no report`);
  return { index: body.index, committer: report.committer, fault: body.fault };
}

/** Replay has parsed the same body, so it does parse. */
function bodyOf<Body>({ body }: EventDefinition<Body>, { event, index }: VerifiedEntry): Body {
  const parsed = decode(body, event.body);
  if (!parsed.ok) throw new Error(`entry ${index} was verified and does not parse`);
  return parsed.value;
}

export function itemOf({ index, relayTime, event }: VerifiedEntry, content: TimelineContent): StoredItem {
  const { actorTime, actor, eventId } = event;
  return { index, relayTime, actorTime, actor, eventId, content };
}

/** Where payloads are asked for that did not come with their entries. */
export interface PayloadSource {
  readonly client: RelayClient;
  readonly chain: ChainId;
  /** Ms since the Unix epoch. */
  readonly now: () => number;
}

/**
 * The bytes that an entry names: as they came with it, or asked for once more while the relay should have them. Undefined
 * where it has none. Other bytes than the named ones are never returned (`CL10`).
 */
export function payloadOf(
  entry: VerifiedEntry,
  name: PayloadName,
  source: PayloadSource,
): Promise<Uint8Array | undefined> {
  const shouldBeThere = entry.relayTime + entry.state.value.genesis.retentionMs > source.now();
  return namedBytes(entry, name, shouldBeThere ? source : undefined);
}

/** The same of a proposal, which the relay may have although its time as a payload is over (`MB7`). */
export function proposalOf(
  entry: VerifiedEntry,
  name: PayloadName,
  source: PayloadSource,
): Promise<Uint8Array | undefined> {
  return namedBytes(entry, name, source);
}

async function namedBytes(
  entry: VerifiedEntry,
  name: PayloadName,
  source: PayloadSource | undefined,
): Promise<Uint8Array | undefined> {
  const bytes = entry.payload ?? (source && (await fetchPayload(name, source)));
  if (bytes === undefined) return undefined;
  if (bytes.length === name.size && equalBytes(sha256(bytes), name.hash)) return bytes;
  const message = `the bytes that came with entry ${entry.index} are not the named ones`;
  throw new UntrustedError('payload-mismatch', message, entry.index);
}

async function fetchPayload({ hash }: PayloadName, { client, chain }: PayloadSource): Promise<Uint8Array | undefined> {
  try {
    return await client.payload(chain, hash);
  } catch (error) {
    const isGone = error instanceof RelayProblem && ['not-found', 'payload-expired'].includes(error.code);
    if (isGone) return undefined;
    throw error;
  }
}
