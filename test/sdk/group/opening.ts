import { compareBytes, type ChainId, type Event, type GroupState, type Role } from '../../../core/index.ts';
import { groupGenesis } from '../../../scripts/vectors/sample-bodies.ts';
import { chainKeys } from '../../../sdk/chain/chain-keys.ts';
import type { VerifiedEntry } from '../../../sdk/chain/page-verification.ts';
import { contentOf } from '../../../sdk/group/entry-content.ts';
import { MlsOpening } from '../../../sdk/group/mls-opening.ts';
import { MlsStore, type MlsRecord } from '../../../sdk/group/mls-store.ts';
import { Outbox } from '../../../sdk/group/outbox.ts';
import type { Storage } from '../../../sdk/index.ts';
import { KeyPackagePool } from '../../../sdk/key-package-pool.ts';
import { MlsIdentities } from '../../../sdk/mls-identities.ts';
import type { GroupState as MlsState } from '../../../sdk/mls/index.ts';
import { platformOf } from '../../../sdk/platform.ts';
import { PreSharedKeys } from '../../../sdk/pre-shared-keys.ts';
import type { RelayClient } from '../../../sdk/relay-client.ts';
import { GROUP_ID, NOW_MS, type Person } from '../mls/people.ts';

const chain = GROUP_ID as ChainId;
const keys = chainKeys(chain);
export const eventId = (byte: number): Uint8Array => new Uint8Array(16).fill(byte);

export const genesisOf = (retentionMs: number): GroupState['genesis'] => ({ ...groupGenesis('mls'), retentionMs });

/** An entry as the follower hands it over; the state is only looked at for its roster and its genesis. */
export function entryOf(
  index: number,
  event: Partial<Event>,
  payload: Uint8Array | undefined,
  members: Person[],
  role: Role = 'member',
): VerifiedEntry {
  const roster = members
    .map(({ actor }) => ({ actor, role, since: 0, until: 0 }))
    .toSorted((a, b) => compareBytes(a.actor, b.actor));
  const value = { roster, genesis: genesisOf(60_000) } as unknown as GroupState;
  const empty = { chain, seenIndex: 0, seenHash: new Uint8Array(32), actorTime: NOW_MS, version: 1 } as const;
  return { index, relayTime: NOW_MS, event: { ...empty, ...event } as Event, payload, state: { kind: 'group', value } };
}

export function openingOf(storage: Storage, self: Person, client: Partial<RelayClient> = {}) {
  const store = new MlsStore(storage, keys);
  const platform = platformOf({ now: () => NOW_MS });
  const signer = { actor: self.actor, sign: () => Promise.reject(new Error('no other suite is asked for')) };
  const identities = new MlsIdentities(storage, signer, self.identity);
  const own = { actor: self.actor, identities, suites: [1] };
  const pool = new KeyPackagePool({ client: client as RelayClient, storage, platform }, own);
  const outbox = new Outbox(storage, keys);
  const preSharedKeys = new PreSharedKeys(storage);
  const source = { client: client as RelayClient, chain, now: () => NOW_MS };
  const reading = { store, source, self: self.actor, onLost: () => undefined };
  return { store, pool, opening: new MlsOpening({ ...reading, outbox, pool, preSharedKeys }) };
}

interface Opened {
  readonly state: MlsState | undefined;
  readonly entry: VerifiedEntry;
  readonly client?: Partial<RelayClient> | undefined;
}

/** Opens one entry as somebody whose keys are `state`, and stores what that used up. */
export async function openAs(self: Person, storage: Storage, { state, entry, client }: Opened) {
  const { opening, store } = openingOf(storage, self, client);
  if (state !== undefined) await storage.commit([store.put({ state, lostAt: undefined })]);
  const page = await opening.begin();
  const content = await contentOf(entry, page);
  await storage.commit(page.finish());
  const record: MlsRecord | undefined = await store.load();
  return { content, record };
}
