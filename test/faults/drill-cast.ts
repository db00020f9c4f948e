import type { Session } from '../../sdk/index.ts';
import { soleInvitation, Stage } from '../stories/stage.ts';
import { foundDrill, joinDrill, leaveDrill, memberDrills } from './client-drills.ts';
import { killAtSteps, MortalClient, type Drill, type Stride } from './mortal-client.ts';

export const DRILLS = [
  'send',
  'read',
  'commit, rotating keys',
  'commit, inviting',
  'commit, removing',
  'commit, taking out who leaves',
  'join and ack',
  'found',
  'leave',
] as const;

export type DrillName = (typeof DRILLS)[number];

/** A relay, Alice who is never killed, a group of hers with Bob, and Carol who has just come; these two are. */
export class Cast {
  readonly #stage: Stage;
  readonly #drills: ReadonlyMap<string, { readonly drill: Drill; readonly client: MortalClient }>;

  private constructor(stage: Stage, parts: readonly { readonly drill: Drill; readonly client: MortalClient }[]) {
    this.#stage = stage;
    this.#drills = new Map(parts.map((part) => [part.drill.name, part]));
  }

  static async meet(): Promise<Cast> {
    const stage = await Stage.share();
    const alice: Session = await stage.person();
    const bob = await MortalClient.born(stage, 'bob');
    const carol = await MortalClient.born(stage, 'carol');
    const hers = await alice.createGroup();
    await hers.invite(bob.session.identity!.actor, 'admin');
    await (await soleInvitation(bob.session)).accept();
    bob.session.close();
    carol.session.close();
    const ofBob = [
      ...memberDrills({ hers, newcomer: () => stage.person() }),
      foundDrill(alice),
      leaveDrill(() => stage.person()),
    ];
    return new Cast(stage, [
      ...ofBob.map((drill) => ({ drill, client: bob.client })),
      { drill: joinDrill(() => stage.person(), carol.session.identity!.actor), client: carol.client },
    ]);
  }

  drill(name: DrillName): { readonly drill: Drill; readonly client: MortalClient } {
    return this.#drills.get(name)!;
  }

  /** Kills whoever does it at these steps, and prints their names. */
  async killAt(name: DrillName, stride: Stride): Promise<readonly string[]> {
    const { drill, client } = this.drill(name);
    const names = await killAtSteps(client, drill, stride);
    console.log(names.join('\n'));
    return names;
  }

  part(): Promise<void> {
    return this.#stage.strike();
  }
}
