import type { StorageWrite } from '../../sdk/index.ts';
import type { Interleaving } from './interleaving.ts';
import type { Player } from './person.ts';

/** What a founded group has left with the relay and on the disks of its people, for many runs that go on from there. */
export class Founding {
  readonly group: string;
  /** What each of the people has fetched from their mailbox. */
  readonly mail: readonly ReadonlySet<string>[];
  uses = 0;
  readonly #players: readonly Player[];
  readonly #disks: readonly (readonly StorageWrite[])[];
  readonly #restoreRelay: () => Promise<void>;
  readonly #restoreTime: () => void;

  private constructor(
    run: Interleaving,
    disks: readonly (readonly StorageWrite[])[],
    restoreRelay: () => Promise<void>,
  ) {
    this.group = run.group;
    this.mail = run.people.map(({ mail }) => mail);
    this.#players = run.people.map(({ player }) => player);
    this.#disks = disks;
    this.#restoreRelay = restoreRelay;
    this.#restoreTime = run.time.remember();
  }

  /** Ends the processes of the run that has founded. */
  static async of(run: Interleaving): Promise<Founding> {
    const { relay, people, objects } = run;
    if (relay.remember === undefined) throw new Error('this relay remembers nothing');
    for (const person of people) person.killFirst();
    const restoreRelay = await relay.remember(objects);
    const disks = await Promise.all(people.map(({ player }) => player.disk.copy()));
    await run.end();
    return new Founding(run, disks, restoreRelay);
  }

  /** Everything is as it was: a log that were old by now would be moved to the cluster, which is none of a run's concern. */
  async restore(): Promise<void> {
    this.uses += 1;
    this.#restoreTime();
    await this.#restoreRelay();
    await Promise.all(this.#players.map(({ disk }, i) => disk.become(this.#disks[i] ?? [])));
  }
}
