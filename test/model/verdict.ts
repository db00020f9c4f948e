import { fromBase64Url, parseChainId, type ChainId } from '../../core/index.ts';
import type { Group, TimelineItem } from '../../sdk/index.ts';
import { actorSigner } from '../../sdk/actor-signer.ts';
import { HttpClient } from '../../sdk/http-client.ts';
import { platformOf } from '../../sdk/platform.ts';
import { downloadLog } from '../support/download-log.ts';
import type { Interleaving } from './interleaving.ts';
import { readEntry, type LogEntry } from './logged.ts';
import type { Person } from './person.ts';
import type { Saying } from './reference.ts';
import { textIn } from './speech.ts';

/** What a run ended with, to be held against the reference. */
interface Ending {
  readonly run: Interleaving;
  readonly log: readonly LogEntry[];
  /** What everyone shows of it, in the order of the people; undefined for who never was in. */
  readonly timelines: readonly (readonly TimelineItem[] | undefined)[];
  /** What waits in someone's outbox until it is tried again. */
  readonly failed: ReadonlySet<string>;
  readonly violate: (what: string) => void;
}

/** Compares what a run ended with to the reference. What differs is among the run's violations. Returns the log's size. */
export async function judge(run: Interleaving): Promise<number> {
  const { entries } = await downloadLog(chainOf(run), { http: httpOf(run), check: run.relay.check });
  const timelines = await Promise.all(run.people.map(async ({ group }) => group && timelineOf(group)));
  const log = entries.map(({ entry }) => readEntry(entry));
  const pending = await Promise.all(run.people.map(async ({ group }) => (await group?.pending()) ?? []));
  const failed = new Set(pending.flat().map(({ text }) => text ?? ''));
  const ending: Ending = { run, log, timelines, failed, violate: (what) => run.violate(what) };
  checkClock(ending);
  checkSayings(ending);
  checkOrder(ending);
  checkChanges(ending);
  checkSights(ending);
  for (const [i, person] of run.people.entries()) {
    await checkPerson(ending, person, timelines[i]);
  }
  return log.length;
}

function checkClock({ log, violate }: Ending): void {
  for (const [i, { relayTime }] of log.entries()) {
    if (relayTime < (log[i - 1]?.relayTime ?? 0)) violate(`relay_time falls at entry ${i}`);
  }
}

/** The owner was in from the beginning, so its timeline says what each entry says. */
function placesOf({ timelines }: Ending): ReadonlyMap<string, readonly TimelineItem[]> {
  const places = new Map<string, TimelineItem[]>();
  for (const item of timelines[0] ?? []) {
    const text = textIn(item);
    if (text !== undefined) places.set(text, [...(places.get(text) ?? []), item]);
  }
  return places;
}

/** Everything that was asked to be said is there as often as its sender was told: once, or not at all. */
function checkSayings(ending: Ending): void {
  const { run, log, violate } = ending;
  const places = placesOf(ending);
  const count = [...places.values()].reduce((sum, { length }) => sum + length, 0);
  const said = log.filter(({ kind }) => kind !== 'other').length;
  if (count !== said) violate(`the owner can read ${count} of ${said} entries`);
  if (new Set(log.map(({ eventId }) => eventId)).size !== log.length) violate('an event is in the log twice');
  for (const saying of run.reference.sayings) {
    const [place, ...others] = places.get(saying.text) ?? [];
    const at = `"${saying.text}" (${saying.way}, ${saying.fate.kind})`;
    if (others.length > 0) violate(`${at} is there ${others.length + 1} times`);
    if (place !== undefined) checkPlace(saying, at, place, ending);
    else if (isMissed(saying, ending)) violate(`${at} is not there`);
  }
}

function checkPlace({ fate }: Saying, at: string, place: TimelineItem, { log, violate }: Ending): void {
  const { index, relayTime, eventId } = place;
  if (fate.kind === 'withdrawn') violate(`${at} is there, as entry ${index}`);
  if (fate.kind === 'delivered' && (fate.index !== index || fate.relayTime !== relayTime)) {
    violate(`${at} was acknowledged as ${JSON.stringify(fate)} and is entry ${index} of ${relayTime}`);
  }
  if (log[index]?.eventId !== eventId) violate(`${at} is not what the log holds at ${index}`);
}

/** What was promised may be missing where its sender was removed before it left: then it waits, as failed. */
function isMissed({ text, fate, by, isBeingCancelled }: Saying, { run, log, failed }: Ending): boolean {
  if (fate.kind === 'delivered') return true;
  if (fate.kind !== 'promised' || isBeingCancelled) return false;
  const sender = run.people.find(({ name }) => name === by) as Person;
  return !isFrozen(log, sender.actor) || !failed.has(text);
}

function isFrozen(log: readonly LogEntry[], actor: string): boolean {
  return log.findLast(({ added, removed }) => [...added, ...removed].includes(actor))?.removed.includes(actor) === true;
}

/** What one process sent through the outbox, or those after it, stands in the order in which it was asked. */
function checkOrder(ending: Ending): void {
  const places = placesOf(ending);
  const isPosted = ({ way, wasRetried }: Saying): boolean => (way === 'post' || way === 'send') && !wasRetried;
  const lanes = Map.groupBy(ending.run.reference.sayings.filter(isPosted), ({ by, lane }) => `${by}, ${lane} process`);
  for (const [name, sayings] of lanes) {
    const asked = sayings.flatMap(({ text }) => places.get(text) ?? []).map(({ index }) => index);
    const sorted = [...asked].sort((a, b) => a - b);
    if (asked.join() !== sorted.join()) ending.violate(`what ${name} sent is out of order: entries ${asked.join()}`);
  }
}

function checkChanges({ run, log, violate }: Ending): void {
  for (const { actor, kind, index } of run.reference.changes) {
    if (log[index]?.[kind].includes(actor) !== true) violate(`entry ${index} was acknowledged as ${kind} and is not`);
  }
}

/** What anyone ever saw was the beginning of this log. */
function checkSights({ run, log, violate }: Ending): void {
  for (const { by, size, head } of run.reference.sights) {
    if (log[size - 1]?.leaf !== head) violate(`${by} had verified ${size} entries that the log does not begin with`);
  }
}

async function checkPerson(
  ending: Ending,
  person: Person,
  timeline: readonly TimelineItem[] | undefined,
): Promise<void> {
  const { run, log, violate } = ending;
  checkMail(ending, person);
  const periods = periodsOf(log, person.actor);
  if (timeline === undefined || person.group === undefined) {
    if (periods.at(-1)?.end === Infinity) violate(`${person.name} is in the group and has not come to know`);
    return;
  }
  const end = Math.min(periods.at(-1)?.end ?? 0, log.length - 1);
  const told = timeline.filter(({ kind }) => ['message', 'sealed', 'application'].includes(kind));
  const expected = log.filter(({ kind, index }) => kind !== 'other' && index <= end);
  const list = (items: readonly { readonly index: number }[]) => items.map(({ index }) => index).join();
  if (list(told) !== list(expected)) {
    violate(`${person.name} shows entries ${list(told)} instead of ${list(expected)}`);
  }
  if (person.isFollower) {
    const live = timeline.slice(0, person.followed.length);
    if (spell(person.followed) !== spell(live)) {
      violate(`${person.name} was given other entries live than the timeline has`);
    }
  }
  checkReading(ending, person, told, periods);
  if (end === log.length - 1 && run.situation.membership === 'mls') await checkEpoch(ending, person.group, person.name);
}

/** From an entry that lets someone in to the one that takes them out again. */
interface Period {
  readonly begin: number;
  readonly end: number;
  readonly epoch: number;
}

function periodsOf(log: readonly LogEntry[], actor: string): readonly Period[] {
  const periods: Period[] = log[0]?.actor === actor ? [{ begin: 0, end: Infinity, epoch: 0 }] : [];
  for (const { index, epoch, added, removed } of log) {
    const last = periods.at(-1);
    if (added.includes(actor)) periods.push({ begin: index, end: Infinity, epoch });
    if (removed.includes(actor) && last !== undefined) periods.splice(-1, 1, { ...last, end: index });
  }
  return periods;
}

/** In a plain group everyone reads everything. In an encrypted one, what was sealed while they were in: all of it, or nothing if they never took up those keys. */
function checkReading(ending: Ending, person: Person, told: readonly TimelineItem[], periods: readonly Period[]): void {
  const { run, timelines, violate } = ending;
  const texts = new Map((timelines[0] ?? []).map((item) => [item.index, textIn(item)]));
  const isPlain = run.situation.membership === 'plain';
  const opened = new Set<Period>();
  const closed = new Set<Period>();
  for (const item of told) {
    const at = `${person.name} shows entry ${item.index}`;
    if (item.kind !== 'sealed' && textIn(item) !== texts.get(item.index)) violate(`${at} as something else`);
    if (item.kind === 'sealed' && item.reason !== 'not-member') violate(`${at} as ${item.reason}`);
    if (item.kind === 'sealed' && (isPlain || item.isMine)) violate(`${at} as sealed`);
    if (item.kind === 'application' || item.isMine || isPlain) continue;
    const { epoch } = item as { readonly epoch: number };
    const period = periods.find(
      ({ begin, end, epoch: since }) => begin < item.index && item.index < end && since <= epoch,
    );
    if (period !== undefined) (item.kind === 'sealed' ? closed : opened).add(period);
    else if (item.kind !== 'sealed') violate(`${at}, which was sealed for others`);
  }
  for (const period of closed) {
    const { begin, end } = period;
    if (opened.has(period))
      violate(`${person.name} reads some of what was sealed from ${begin} to ${end}, and some not`);
    if (end === Infinity) violate(`${person.name} can't read what was sealed since entry ${begin}`);
  }
}

async function checkEpoch({ log, violate }: Ending, group: Group, name: string): Promise<void> {
  const { epoch } = await group.view();
  const newest = Math.max(...log.filter(({ kind }) => kind === 'other').map((entry) => entry.epoch));
  if (epoch !== newest) violate(`${name} is in epoch ${epoch} of ${newest}`);
}

/** No Welcome is lost, and a sequence number is one item's for ever. */
function checkMail({ run, log, violate }: Ending, { name, actor, mail }: Person): void {
  const items = [...mail].map((item) => item.split(' ') as [string, string, string]);
  const numbers = new Set(items.map(([sequence]) => sequence));
  if (numbers.size !== items.length) violate(`${name} got two items under one number: ${[...mail].join(', ')}`);
  if (run.situation.membership === 'plain') return;
  const welcomes = items.filter(([, kind]) => kind === 'welcome').map(([, , index]) => Number(index));
  const invited = log.filter(({ added }) => added.includes(actor)).map(({ index }) => index);
  const sorted = welcomes.sort((a, b) => a - b);
  if (sorted.join() !== invited.join())
    violate(`${name} was let in at ${invited.join()}, Welcomes came for ${sorted.join()}`);
}

async function timelineOf(group: Group): Promise<readonly TimelineItem[]> {
  const items: TimelineItem[] = [];
  for await (const item of group.timeline()) items.push(item);
  return items;
}

/** An item without what it doesn't share with another process's. */
function spell(items: readonly TimelineItem[]): string {
  return JSON.stringify(items, (_, value: unknown) => (value instanceof Uint8Array ? [...value] : value));
}

function chainOf({ group }: Interleaving): ChainId {
  const chain = parseChainId(fromBase64Url(group));
  if (chain === undefined) throw new Error(`${group} is no chain`);
  return chain;
}

/** The owner's requests, past everything that befalls theirs. */
function httpOf({ relay, time, owner }: Interleaving): HttpClient {
  const platform = platformOf({ ...relay.platform, fetch: relay.wire.fetch, now: time.now });
  const http = new HttpClient(relay.url, platform);
  http.signAs((relay.platform.makeSigner ?? actorSigner)(owner.player.seed));
  return http;
}
