import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Conversation, type Ending } from '../../../cli/chat/conversation.ts';
import { createScreen } from '../../../cli/chat/screen.ts';
import { fingerprintOfActor } from '../../../cli/contacts.ts';
import { ActorNames } from '../../../cli/names.ts';
import { connect, memoryStorage, type Group, type Session } from '../../../sdk/index.ts';
import { nodePlatform } from '../../../sdk/node/index.ts';
import { hasty } from '../../stories/stage.ts';
import { serve, type Served } from '../relay.ts';
import { Terminal } from '../terminal.ts';
import { emulate, type Emulated } from './emulator.ts';

interface Person {
  readonly session: Session;
  readonly group: Group;
  readonly names: ActorNames;
  readonly actor: string;
}

interface Talk extends Emulated {
  readonly ended: Promise<{ readonly ending: Ending; readonly waiting: number }>;
}

let terminal: Terminal;
let relay: Served;
let alice: Person;
let bob: Person;
let hers: Talk;
let his: Talk;

/** Alice and Bob on two machines, each at a terminal of 80 columns without colours. */
beforeAll(async () => {
  terminal = new Terminal();
  relay = await serve(terminal);
  const [founder, invited] = [await enter(), await enter()];
  const group = await founder.session.createGroup();
  await group.invite(invited.actor);
  // The relay delivers a Welcome soon after the commit that it is of, not with it.
  const invitation = await vi.waitFor(
    async () => {
      const [first] = await invited.session.invitations();
      expect(first).toBeDefined();
      return first!;
    },
    { timeout: 60_000, interval: 100 },
  );
  alice = { ...founder, group };
  bob = { ...invited, group: await invitation.accept() };
  await alice.names.contacts.name(bob.actor, 'bob');
  await bob.names.contacts.name(alice.actor, 'alice');
  [hers, his] = [talk(alice), talk(bob)];
});

afterAll(() => {
  for (const person of [alice, bob]) person.session.close();
  for (const emulated of [hers, his]) emulated.close();
  terminal.close();
});

async function enter(): Promise<Omit<Person, 'group'>> {
  const storage = memoryStorage();
  const session = await connect({ relay: relay.url, storage, delay: hasty, ...nodePlatform() });
  const { actor } = await session.createIdentity();
  const names = await ActorNames.load(storage, { home: terminal.home, json: false, profile: 'none' });
  return { session, actor, names };
}

function talk({ group, names, actor }: Person): Talk {
  const emulated = emulate();
  const { input, output } = emulated;
  const screen = createScreen({ input, output, isPlain: false, complete: () => [] });
  const conversation = new Conversation({
    group,
    names,
    self: actor,
    screen,
    hasColour: false,
    document: undefined,
    note: (text) => expect.unreachable(text),
  });
  return { ...emulated, ended: conversation.run(20, new AbortController().signal) };
}

const TIME = String.raw`\d\d:\d\d`;

/** As one person sees what the other says. */
const line = (mark: string, name: string, words: string) =>
  new RegExp(`^${mark} ${TIME}  ${name.padEnd(10)}  ${words}$`, 'm');

describe('a conversation at two terminals', { timeout: 120_000 }, () => {
  it('begins with what was, and shows what is said on both, marked as delivered', async () => {
    await hers.until(/— you founded the group\n.* — bob joined as member, invited by you/);
    await his.until(/— alice founded the group\n.* — you joined as member, invited by alice/);
    his.type('half a th');
    hers.type('The harbour at nine?\r');
    await hers.until(line('●', 'you', 'The harbour at nine\\?'));
    await his.until(line(' ', 'alice', 'The harbour at nine\\?'));
    expect((await his.rows()).at(-1)).toBe('› half a th');
    his.type('ought\r');
    await hers.until(line(' ', 'bob', 'half a thought'));
    await his.until(line('●', 'you', 'half a thought'));
  });

  it('lets nobody rewrite another’s screen, or speak in another’s name', async () => {
    await alice.group.send('\u001b[2J\u0007safe\n  12:00  bob         forged');
    const shown = await his.until('forged');
    const at = shown.findIndex((row) => row.includes('safe'));
    expect(shown[at]).toMatch(new RegExp(`^ {2}${TIME} {2}alice {7}\\\\u001b\\[2J\\\\u0007safe$`));
    expect(shown[at + 1]).toBe(`${' '.repeat(21)}  12:00  bob         forged`);
  });

  it('[CL16] marks whose key was compared, and refuses a fingerprint that is another', async () => {
    his.type(`/verify alice\r`);
    await his.until(`alice  ${fingerprintOfActor(alice.actor)}`);
    his.type(`/verify alice ${fingerprintOfActor(bob.actor)}\r`);
    await his.until('That is not the fingerprint of this key');
    expect(bob.names.isVerified(alice.actor)).toBe(false);
    his.type(`/verify alice ${fingerprintOfActor(alice.actor)}\r`);
    await his.until('Verified: alice ✓');
    hers.type('Do you see a mark?\r');
    await his.until(line(' ', 'alice ✓', 'Do you see a mark\\?'));
  });

  it('answers commands on the spot, and knows a message that begins with a slash', async () => {
    his.type('/members\r');
    await his.until(/\(you\) +member {2}([a-z2-7]{4}-?){4}$/m);
    his.type('/nonsense\r');
    await his.until('There is no /nonsense');
    his.type('//etc/hosts\r');
    await hers.until(line(' ', 'bob', '/etc/hosts'));
    his.type('/leave\r');
    await his.until('If you mean it: /leave yes');
  });

  it('[CL17] [CL19] keeps what is written while the relay is away, and sends it when it is back', async () => {
    relay.interrupt();
    await relay.ended;
    await hers.until(/the relay can’t be reached.*\n(.*\n)* {2}offline: /);
    hers.type('written while away\r');
    await hers.until(/^○ \d\d:\d\d {2}you {9}written while away {2}queued\n {2}offline: .*\n›$/m);
    relay = await serve(terminal, relay.port);
    await his.until(line(' ', 'alice ✓', 'written while away'));
    await hers.until(line('●', 'you', 'written while away'));
    const shown = await hers.until('connected again');
    await expect.poll(async () => (await hers.rows()).at(-2)).not.toContain('offline');
    expect(shown.filter((row) => row.includes('written while away'))).toHaveLength(1);
  });

  it('shows changes of keys and of people as quiet lines, and ends for who is put out', async () => {
    await alice.group.rotate();
    await his.until(/^ {2}\d\d:\d\d {2}— alice ✓ renewed the keys$/m);
    await alice.group.remove(bob.actor);
    await hers.until(/— bob was removed by you/);
    expect(await his.ended).toEqual({ ending: 'over', waiting: 0 });
    expect(await his.rows()).toContainEqual(expect.stringMatching(/— you were removed by alice ✓$/));
    expect(his.isRaw()).toBe(false);
  });

  it('ends at /quit, with everything sent', async () => {
    hers.type('last words\r/quit\r');
    expect(await hers.ended).toEqual({ ending: 'quit', waiting: 0 });
    const shown = await hers.rows();
    expect(shown.at(-1)).toMatch(line('●', 'you', 'last words'));
    for (const row of [...shown, ...(await his.rows())]) expect(row.length, row).toBeLessThan(80);
  });
});
