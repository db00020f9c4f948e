import type { Command } from 'commander';
import { connect, type ConnectOptions, type Group, type Session, type Storage } from '../sdk/index.ts';
import { fileStorage, nodePlatform } from '../sdk/node/index.ts';
import { Failure } from './failure.ts';
import { GroupNames } from './group-names.ts';
import { ActorNames } from './names.ts';
import { globalOptions } from './options.ts';
import { createOutput, type Output } from './output.ts';
import { openProfile, storageFolder } from './profile.ts';

/** A profile at work: its session, and what it calls groups and people. */
export interface Person {
  readonly session: Session;
  /** What the profile is called. */
  readonly profile: string;
  /** This identity's key, base64url. */
  readonly actor: string;
  /** What this profile keeps; whose keys begin with `cli/` are the command line's. */
  readonly storage: Storage;
  readonly groups: GroupNames;
  readonly names: ActorNames;
  readonly output: Output;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
  group(nameOrId: string): Promise<Group>;
}

type Work<Options> = (person: Person, args: readonly string[], options: Options) => Promise<void>;

/**
 * A command's action that runs as the profile of `--profile`: opens it, and closes what it opened whatever happens. One that
 * can do something without the relay begins `offline`.
 */
export function asPerson<Options = unknown>(
  work: Work<Options>,
  { offline = false }: { readonly offline?: boolean } = {},
): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const command = args.at(-1) as Command;
    const options = globalOptions(command);
    const { folder, relay, actor } = openProfile(options);
    const interrupt = interruptSignal();
    const storage = fileStorage(storageFolder(folder));
    try {
      const { invite: invitation } = command.opts<{ invite?: string }>();
      const { rotateAfter: rotateAfterMs } = options;
      const chosen = { invitation, offline, ...(rotateAfterMs !== undefined && { rotateAfterMs }) };
      const session = await connectFromNode(relay, storage, interrupt.signal, chosen);
      const groups = new GroupNames(storage);
      const person: Person = {
        session,
        profile: options.profile,
        actor,
        storage,
        groups,
        names: await ActorNames.load(storage, options),
        output: createOutput(options.json),
        signal: interrupt.signal,
        group: (nameOrId) => openGroup(session, groups, nameOrId),
      };
      await work(person, command.processedArgs.flat() as string[], command.opts() as Options).finally(() =>
        session.close(),
      );
    } finally {
      interrupt.release();
      await storage.close();
    }
  };
}

/** A name goes with the people: where a group goes on as another that this device is in, it is that one's from now on. */
async function openGroup(session: Session, groups: GroupNames, name: string): Promise<Group> {
  const id = await groups.resolve(name);
  const group = await openKnown(session, name, id);
  const successor = name === id ? undefined : await successorOf(group);
  const isIn = (await session.groups()).some((known) => known.id === successor);
  if (successor === undefined || !isIn) return group;
  await groups.move(id, successor);
  return openGroup(session, groups, name);
}

/** As far as was read; a group that was not read yet has none. */
async function successorOf(group: Group): Promise<string | undefined> {
  if (group.membership === 'plain') return undefined;
  const { status } = await group.view();
  return status.kind === 'reinitialised' ? status.successor : undefined;
}

/** A name may be known from a backup, without the keys of its group. */
async function openKnown(session: Session, name: string, id: string): Promise<Group> {
  const isIn = (await session.groups()).some((group) => group.id === id);
  if (isIn) return session.group(id);
  const message = `This device is not in ${name}.`;
  const hint = `Ask an admin to invite you, or to remove and invite you if they still see you in it: whoami shows your key.`;
  throw new Failure('failed', 'not-in-group', message, hint);
}

/** What groups a person at the command line can be invited to, X-Wing ones included: whoever tries them needs company. */
const SUITES = [1, 2, 3, 0xf0a2];

/** A session with what Node does faster than the web platform, and a socket for Node 20, which has none of its own. */
export function connectFromNode(
  relay: string,
  storage: Storage,
  signal: AbortSignal,
  options: Pick<ConnectOptions, 'invitation' | 'offline' | 'rotateAfterMs'> = {},
): Promise<Session> {
  return connect({ relay, storage, signal, suites: SUITES, ...options, ...nodePlatform() });
}

/** Ctrl-C asks work to end at a point where nothing is lost; a second one ends the process as usual. */
export function interruptSignal(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const abort = () => controller.abort(new DOMException('stopped', 'AbortError'));
  process.once('SIGINT', abort);
  process.once('SIGTERM', abort);
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGINT', abort);
      process.off('SIGTERM', abort);
    },
  };
}
