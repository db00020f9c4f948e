import { fromBase64Url, type AppendAnswer, type Submission } from '../../core/index.ts';
import { RelayProblem, type Delivery, type Group, type OutgoingMessage } from '../../sdk/index.ts';
import { actorSigner } from '../../sdk/actor-signer.ts';
import { newEventId, signEvent } from '../../sdk/chain/sign-event.ts';
import { passingAfter } from '../../sdk/errors.ts';
import { HttpClient } from '../../sdk/http-client.ts';
import { platformOf } from '../../sdk/platform.ts';
import { RelayClient } from '../../sdk/relay-client.ts';
import type { Interleaving, Outcome } from './interleaving.ts';
import type { Person, Process } from './person.ts';
import type { Change, Saying, Way } from './reference.ts';
import { NOTED, PINNED } from './speech.ts';

/** Signed bytes that were sent without a client, and may be sent again by anyone at any time. */
export interface Letter {
  readonly saying: Saying;
  readonly submission: Submission;
}

/** Refusals after which the same event can't have come in by an earlier attempt: the relay looks for that first (`AP9`). */
const CERTAIN = new Set(['clock-skew', 'not-permitted', 'actor-removed']);

export function post(run: Interleaving, person: Person, count: number): void {
  for (let i = 0; i < count; i++) {
    say(run, person, 'post', {
      act: ({ text }, { group }) => group.post(text),
      end: (saying, { kind }) => promise(saying, kind === 'done'),
    });
  }
}

export function send(run: Interleaving, person: Person, count: number): void {
  for (let i = 0; i < count; i++) {
    say(run, person, 'send', {
      act: ({ text }, { group }) => group.send(text),
      end: (saying, outcome) => {
        if (outcome.kind === 'done') deliver(saying, outcome.value);
        // `send` says: where that may pass, the message stays and is sent later; else it is forgotten.
        else promise(saying, passingAfter(outcome.error) !== undefined);
      },
    });
  }
}

export function append(run: Interleaving, person: Person, isStrict: boolean): void {
  say(run, person, 'event', {
    act: ({ text }, { group }) => group.append(isStrict ? PINNED : NOTED, { text }),
    end: (saying, outcome) => {
      if (outcome.kind === 'done') deliver(saying, outcome.value);
      else if (CERTAIN.has(outcome.error.code)) promise(saying, false);
    },
  });
}

/** An event that a person signs and sends by hand, after what their client had verified. */
export function write(run: Interleaving, person: Person): void {
  say(run, person, 'bytes', {
    act: async (saying, { group, process }) => {
      const letter = { saying, submission: await sign(run, person, group, saying) };
      run.letters.push(letter);
      return submit(run, process, letter);
    },
    end: (saying, outcome) => takeReceipt(run, saying, outcome),
  });
}

interface Speaking<T> {
  readonly act: (saying: Saying, by: { readonly group: Group; readonly process: Process }) => Promise<T>;
  readonly end: (saying: Saying, outcome: Outcome<T>) => void;
}

function say<T>(run: Interleaving, person: Person, way: Way, { act, end }: Speaking<T>): void {
  const process = person.next();
  const group = process?.group;
  if (process === undefined || group === undefined) return;
  const saying = run.reference.say(person.name, way, process === person.second ? 'second' : 'first');
  run.begin(
    person,
    `${way}s ${saying.text}`,
    () => act(saying, { group, process }),
    (outcome) => end(saying, outcome),
    process,
  );
}

/** The same bytes once more, whoever wrote them. */
export function writeAgain(run: Interleaving, person: Person, which: number): void {
  const letter = run.letters[which % run.letters.length];
  if (letter === undefined) return;
  run.begin(
    person,
    `repeats ${letter.saying.text}`,
    (process) => submit(run, process, letter),
    (outcome) => takeReceipt(run, letter.saying, outcome),
  );
}

export function cancel(run: Interleaving, person: Person, which: number): void {
  onPending(run, person, 'cancels', which, async (group, { eventId, text }) => {
    const saying = run.reference.find(text);
    if (saying === undefined) return;
    saying.isBeingCancelled = true;
    const isCancelled = await group.cancel(eventId);
    saying.isBeingCancelled = false;
    if (!isCancelled) return;
    if (saying.fate.kind === 'delivered') run.violate(`${saying.text} was delivered and cancelled`);
    saying.fate = { kind: 'withdrawn' };
  });
}

export function retry(run: Interleaving, person: Person, which: number): void {
  onPending(run, person, 'retries', which, async (group, { eventId, text, state }) => {
    const saying = run.reference.find(text);
    if (saying !== undefined && state.kind === 'failed') saying.wasRetried = true;
    await group.retry(eventId);
  });
}

export function invite(run: Interleaving, person: Person, whom: Person): void {
  const role = whom.name === 'bob' ? 'admin' : 'member';
  changeRoster(run, person, 'added', whom, (group) => group.invite(whom.actor, role));
}

export function remove(run: Interleaving, person: Person, whom: Person): void {
  changeRoster(run, person, 'removed', whom, (group) => group.remove(whom.actor));
}

/** For good in a plain group; in an encrypted one by a wish that others have to grant. */
export function leave(run: Interleaving, person: Person): void {
  const kind = run.situation.membership === 'plain' ? 'removed' : 'leaving';
  changeRoster(run, person, kind, person, (group) => group.leave());
}

export function rotate(run: Interleaving, person: Person): void {
  if (run.situation.membership === 'mls') run.begin(person, 'rotates', ({ group }) => group?.rotate());
}

export function catchUp(run: Interleaving, person: Person): void {
  run.begin(person, 'catches up', ({ group }) => group?.catchUp());
}

function changeRoster(
  run: Interleaving,
  person: Person,
  kind: Change['kind'],
  whom: Person,
  change: (group: Group) => Promise<Delivery>,
): void {
  run.begin(
    person,
    `has ${whom.name} ${kind}`,
    ({ group }) => group && change(group),
    (outcome) => {
      if (outcome.kind === 'failed') return;
      run.reference.changes.push({ actor: whom.actor, kind, index: outcome.value.index });
    },
  );
}

function onPending(
  run: Interleaving,
  person: Person,
  name: string,
  which: number,
  act: (group: Group, message: OutgoingMessage) => Promise<void>,
): void {
  run.begin(person, name, async ({ group }) => {
    const pending = (await group?.pending()) ?? [];
    const message = pending[which % pending.length];
    if (group !== undefined && message !== undefined) await act(group, message);
  });
}

function promise(saying: Saying, isKept: boolean): void {
  // What is known for certain stays.
  if (saying.fate.kind === 'asked') saying.fate = { kind: isKept ? 'promised' : 'withdrawn' };
}

function deliver(saying: Saying, { index, relayTime }: Delivery): void {
  saying.fate = { kind: 'delivered', index, relayTime };
}

async function sign(run: Interleaving, { player }: Person, group: Group, { text }: Saying): Promise<Submission> {
  const view = await group.view();
  const platform = platformOf({ now: run.time.now });
  const unsigned = {
    chain: fromBase64Url(run.group) as Uint8Array,
    seenIndex: view.size - 1,
    seenHash: fromBase64Url(view.head) as Uint8Array,
    type: NOTED.type,
    body: NOTED.encodeBody({ text }),
    eventId: newEventId(platform),
  };
  return { ...(await signEvent(unsigned, { signer: actorSigner(player.seed), platform })), payload: undefined };
}

function submit({ relay, group }: Interleaving, { line }: Process, { submission }: Letter): Promise<AppendAnswer> {
  const client = new RelayClient(new HttpClient(relay.url, platformOf({ fetch: line.fetch })));
  return client.append(fromBase64Url(group) as Uint8Array, [submission]);
}

/** The first receipt of the bytes, and every other one, is the same (`AP5`). */
function takeReceipt(run: Interleaving, saying: Saying, outcome: Outcome<AppendAnswer>): void {
  const [answer] = outcome.kind === 'done' ? outcome.value.outcomes : [];
  if (answer?.kind === 'accepted') {
    const { index, relayTime } = answer.value;
    const { fate } = saying;
    if (fate.kind === 'delivered' && (fate.index !== index || fate.relayTime !== relayTime)) {
      run.violate(`${saying.text} got receipts for entries ${fate.index} and ${index}`);
    }
    deliver(saying, answer.value);
  }
  const isRefused = outcome.kind === 'failed' && outcome.error instanceof RelayProblem;
  const isUnknown = isRefused && ['internal', 'unavailable'].includes(outcome.error.code);
  if (saying.fate.kind === 'delivered' && isRefused && !isUnknown) {
    run.violate(`${saying.text} is entry ${saying.fate.index} and was refused: ${outcome.error.code}`);
  }
}
