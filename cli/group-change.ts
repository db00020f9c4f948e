import type { Group, GroupView } from '../sdk/index.ts';
import type { Person } from './person.ts';

/** Says what was done to a group, and where it stands now. */
export async function reportChange(
  { output }: Person,
  group: Group,
  change: Record<string, string | number>,
  text: string,
) {
  const view = await group.view();
  const epoch = group.membership === 'mls' ? `; epoch ${view.epoch}` : '';
  output.result({ id: group.id, ...change, ...headOf(view) }, `${text}${epoch}`);
}

/** Where a group stands, for documents. */
export function headOf({ epoch, size, head }: GroupView) {
  return { epoch, size, head };
}
