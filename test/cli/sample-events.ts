import { defineEvent, opaque, struct, text, version } from '../../core/index.ts';

/** What an application would export, beside things that are no event types. */
export const itemAdded = defineEvent({
  type: 0x8001,
  name: 'todo.item-added',
  body: struct('ItemAdded', { version: version(1), item: opaque(2), title: text(200) }),
});

export const limit = 3;
