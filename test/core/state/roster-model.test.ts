import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  compareBytes,
  memberAdded,
  memberRemoved,
  mlsCommit,
  mlsCreated,
  roleChanged,
  stateDigest,
  type Event,
  type GrantedRole,
} from '../../../core/index.ts';
import { commitBody, createdBody, groupGenesis } from '../../../scripts/vectors/sample-bodies.ts';
import { actorNamed, LogBuilder } from '../../../scripts/vectors/log-builder.ts';
import { RosterModel, type ModelChange } from './roster-model.ts';

const NAMES = ['alice', 'bob', 'carol', 'dave'] as const;
const names = fc.constantFrom(...NAMES);
/** Mostly the founder, who may the most: walks where everything is refused go nowhere. */
const authors = fc.oneof({ arbitrary: fc.constant('alice'), weight: 2 }, { arbitrary: names, weight: 3 });
const roles = fc.constantFrom<GrantedRole[]>('reader', 'member', 'admin', 'owner');
const additions = fc.record({ name: names, role: roles });

type Step =
  | { readonly kind: 'change'; readonly by: string; readonly change: ModelChange }
  | { readonly kind: 'role'; readonly by: string; readonly target: string; readonly role: GrantedRole };

const roleSteps: fc.Arbitrary<Step> = fc.record({ kind: fc.constant('role'), by: authors, target: names, role: roles });

const plainChanges: fc.Arbitrary<ModelChange> = fc.oneof(
  additions.map((added) => ({ added: [added], removed: [] })),
  names.map((name) => ({ added: [], removed: [name] })),
);
const commitChanges: fc.Arbitrary<ModelChange> = fc.record({
  added: fc.array(additions, { maxLength: 2 }),
  removed: fc.array(names, { maxLength: 2 }),
});

function changeSteps(changes: fc.Arbitrary<ModelChange>): fc.Arbitrary<Step> {
  return fc.record({ kind: fc.constant('change'), by: authors, change: changes });
}

function verdictOf(model: RosterModel, step: Step): string | undefined {
  return step.kind === 'role'
    ? model.judgeRoleChange(step.by, step.target, step.role)
    : model.judgeChange(step.by, step.change);
}

function expectSameRoster(log: LogBuilder, model: RosterModel): void {
  const expected = [...model.members]
    .map(([name, member]) => ({ actor: actorNamed(name).key, ...member }))
    .sort((a, b) => compareBytes(a.actor, b.actor));
  expect(log.group.roster).toEqual(expected);
}

/** Walks log and model side by side; whatever one takes the other takes, and for the same reason refuses. */
function walk(log: LogBuilder, steps: readonly Step[], eventOf: (step: Step) => Event): number {
  const model = new RosterModel('alice');
  let taken = 0;
  for (const step of steps) {
    const event = eventOf(step);
    const expected = verdictOf(model, step);
    const before = stateDigest(log.state);
    expect(log.refusalOf(event)?.code, JSON.stringify(step)).toBe(expected);
    expect(stateDigest(log.state)).toEqual(before);
    if (expected !== undefined) continue;
    const index = log.appendEvent(actorNamed(step.by), event);
    if (step.kind === 'role') model.members.get(step.target)!.role = step.role;
    else model.change(step.change, index);
    expectSameRoster(log, model);
    taken += 1;
  }
  return taken;
}

test('[GR3, GR4, GR5, GR6, GR7] a plain group agrees with the model on every walk', () => {
  let taken = 0;
  fc.assert(
    fc.property(fc.array(fc.oneof(roleSteps, changeSteps(plainChanges)), { minLength: 20, maxLength: 40 }), (steps) => {
      const log = new LogBuilder(actorNamed('alice'));
      taken += walk(log, steps, (step) => plainEvent(log, step));
    }),
    { numRuns: 60 },
  );
  expect(taken).toBeGreaterThan(60);
});

function plainEvent(log: LogBuilder, step: Step): Event {
  const by = actorNamed(step.by);
  if (step.kind === 'role') return log.event(by, roleChanged, { actor: actorNamed(step.target).key, role: step.role });
  const [added] = step.change.added;
  if (added !== undefined) return log.event(by, memberAdded, { actor: actorNamed(added.name).key, role: added.role });
  return log.event(by, memberRemoved, { actor: actorNamed(step.change.removed[0]!).key });
}

test('[GR3, GR4, GR5, GR6, GM2] an MLS group agrees with the model on every walk', () => {
  let taken = 0;
  fc.assert(
    fc.property(
      fc.array(fc.oneof(roleSteps, changeSteps(commitChanges)), { minLength: 20, maxLength: 40 }),
      (steps) => {
        const log = new LogBuilder(actorNamed('alice'), groupGenesis('mls'));
        log.append(actorNamed('alice'), mlsCreated, createdBody);
        taken += walk(log, withoutLeaving(steps), (step) => commitEvent(log, step));
      },
    ),
    { numRuns: 60 },
  );
  expect(taken).toBeGreaterThan(60);
});

/** A commit can't remove its author, for a reason that is none of the roster's. */
function withoutLeaving(steps: readonly Step[]): Step[] {
  return steps.filter((step) => step.kind === 'role' || !step.change.removed.includes(step.by));
}

function commitEvent(log: LogBuilder, step: Step): Event {
  const by = actorNamed(step.by);
  if (step.kind === 'role') return log.event(by, roleChanged, { actor: actorNamed(step.target).key, role: step.role });
  const added = step.change.added.map(({ name, role }) => ({ actor: actorNamed(name).key, role }));
  const removed = step.change.removed.map((name) => actorNamed(name).key);
  return log.event(by, mlsCommit, commitBody(log.group.mls!.epoch, { added, removed }));
}
