import { join } from 'node:path';
import type { Session } from '../../sdk/index.ts';
import { fileStorage } from '../../sdk/node/index.ts';
import type { Stage } from '../stories/stage.ts';
import { copyStorage, FaultPoints } from './fault-points.ts';

/** One thing that a client does, and what must be true of it however it was cut short. */
export interface Drill {
  readonly name: string;
  /** What others do before. */
  prepare(round: number): Promise<void>;
  act(client: Session, round: number): Promise<void>;
  /** By the client that came back; `wasDone` where `act` had ended. */
  check(client: Session, round: number, wasDone: boolean): Promise<void>;
}

/** A client whose folder outlives it, life after life. */
export class MortalClient {
  readonly #stage: Stage;
  readonly #name: string;
  #lives = 0;

  constructor(stage: Stage, name: string) {
    this.#stage = stage;
    this.#name = name;
  }

  static async born(stage: Stage, name: string): Promise<{ client: MortalClient; session: Session }> {
    const client = new MortalClient(stage, name);
    const session = await stage.connect(stage.storage(`${name}-0`));
    await session.createIdentity();
    return { client, session };
  }

  get folder(): string {
    return `${this.#name}-${this.#lives}`;
  }

  /** The folder of another life, with what the one before had stored and without the locks that it died with. */
  #next(): string {
    const before = join(this.#stage.folder, this.folder);
    this.#lives += 1;
    const folder = join(this.#stage.folder, this.folder);
    copyStorage(before, folder);
    return folder;
  }

  /** Lives through `act` until it is done or dies at the step of this number; returns the steps and whether it died. */
  async live(dieAt: number, act: (session: Session) => Promise<void>): Promise<{ points: FaultPoints; died: boolean }> {
    const points = new FaultPoints(dieAt);
    const { fetch } = points;
    const storage = fileStorage(this.#next());
    const session = await this.#stage.connect(points.storage(storage), this.#stage.relay.url, { fetch });
    points.arm();
    const outcome = await Promise.race([act(session).then(() => 'done'), points.death]);
    session.close();
    // Nobody closes what a dead process had open.
    if (outcome === 'done') await storage.close();
    return { points, died: outcome === 'died' };
  }

  async revive(): Promise<Session> {
    this.#next();
    return this.#stage.connect(this.#stage.storage(this.folder));
  }
}

/** Which of the steps: every one, or one in so many. */
export interface Stride {
  readonly first: number;
  readonly step: number;
}

/** Kills a client at steps of a drill in turn, and lets it come back each time. Returns the names of the steps. */
export async function killAtSteps(client: MortalClient, drill: Drill, stride: Stride): Promise<readonly string[]> {
  const names: string[] = [];
  for (let point = stride.first; ; point += stride.step) {
    await drill.prepare(point);
    const { points, died } = await client.live(point, (session) => drill.act(session, point));
    const name = died ? `${drill.name}: killed ${points.passed.at(-1)!}` : `${drill.name}: not killed`;
    const again = await client.revive();
    try {
      await drill.check(again, point, !died);
    } catch (cause) {
      throw new Error(`${name}, step ${point} of ${points.passed.join(', ')}`, { cause });
    } finally {
      again.close();
    }
    if (!died) return names;
    names.push(name);
  }
}
