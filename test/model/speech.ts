import { FIRST_APPLICATION_TYPE, FIRST_STRICT_APPLICATION_TYPE, struct, text } from '../../core/index.ts';
import { defineEvent, type TimelineItem } from '../../sdk/index.ts';

const body = struct('Said', { text: text(100) });
/** Events of an application: one that others don't outdate, and one that they do. */
export const NOTED = defineEvent({ type: FIRST_APPLICATION_TYPE + 1, name: 'model.noted', body });
export const PINNED = defineEvent({ type: FIRST_STRICT_APPLICATION_TYPE + 1, name: 'model.pinned', body });

/** What an entry says, where it says something that can be read. */
export function textIn(item: TimelineItem): string | undefined {
  if (item.kind === 'message') return item.text;
  if (item.kind !== 'application') return undefined;
  const said = NOTED.decodeBody(item.body);
  return said.ok ? said.value.text : undefined;
}
