import type { GuaranteeName, GroupView } from '../sdk/index.ts';

/** Guarantees that a group does without, for programs (`GR8`). */
export function lacksOf({ guarantees }: Pick<GroupView, 'guarantees'>): GuaranteeName[] {
  return guarantees.flatMap(({ name, holds }) => (holds ? [] : [name]));
}

/** The same for people, a sentence each. */
export function weaknessesOf({ guarantees }: Pick<GroupView, 'guarantees'>): string[] {
  return guarantees.flatMap(({ meaning, holds }) => (holds ? [] : [meaning]));
}
