import { describe, expect, test } from 'vitest';
import {
  applicationOrdering,
  choice,
  defineEvent,
  eventDefinitions,
  opaque,
  optional,
  struct,
  text,
  uint64,
  uint8,
  vector,
} from '../../../core/index.ts';

const itemAdded = struct('ItemAdded', {
  list: opaque(16),
  title: text(200),
  dueAt: optional(uint64),
  priority: choice('Priority', { low: 0, normal: 1, high: 2 }),
  assignees: vector(opaque(32), 8),
});
const definition = defineEvent({ type: 0x8001, name: 'todo.item-added', body: itemAdded });

const body = {
  list: new Uint8Array(16).fill(1),
  title: 'water the plants',
  dueAt: 1_735_689_600_000,
  priority: 'high',
  assignees: [new Uint8Array(32).fill(2)],
} as const;

describe('a definition', () => {
  test('[EV3] gives the one encoding of a body, and reads it back', () => {
    const bytes = definition.encodeBody(body);
    expect(definition.decodeBody(bytes)).toEqual({ ok: true, value: body });
    expect(definition.decodeBody(bytes.subarray(1))).toMatchObject({ ok: false, error: { code: 'malformed' } });
  });

  test('[EV3] gives the readable view of a body', () => {
    expect(definition.view(body)).toEqual({
      list: 'AQEBAQEBAQEBAQEBAQEBAQ',
      title: 'water the plants',
      dueAt: '1735689600000',
      priority: 'high',
      assignees: ['AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI'],
    });
  });

  test('[EV3] prints its schema, envelope and entry included', () => {
    expect(definition.schema).toMatchInlineSnapshot(`
      "/* todo.item-added: type = 0x8001, in EventTBS.body */
      enum { low(0), normal(1), high(2), (255) } Priority;

      struct {
        opaque list[16];
        opaque title<V>;  /* UTF-8, at most 200 bytes */
        optional<uint64> due_at;
        Priority priority;
        opaque assignees<V>;  /* at most 8 of 32 bytes each */
      } ItemAdded;

      /* the envelope that the actor signs */
      struct {
        uint16 version = 1;
        opaque chain<V>;  /* at most 32 bytes */
        uint64 seen_index;
        opaque seen_hash[32];
        opaque actor[32];
        uint64 actor_time;
        opaque event_id[16];
        uint16 type;
        opaque body<V>;  /* at most 65407 bytes */
      } EventTBS;

      /* the entry that the relay sequences */
      struct {
        uint64 index;
        opaque prev[32];
        uint64 relay_time;
        opaque event<V>;  /* at most 65407 bytes */
        opaque signature[64];
      } Entry;"
    `);
  });

  test('[EV3] prints a body that has no structure of its own', () => {
    const named = defineEvent({ type: 0x8002, name: 'todo.list-named', body: text(40) });
    const [first] = named.schema.split('\n\n');
    expect(first).toBe(
      '/* todo.list-named: type = 0x8002, in EventTBS.body */\nopaque value<V>;  /* UTF-8, at most 40 bytes */',
    );
  });

  test.each([
    [0x8000, 'observed'],
    [0xbfff, 'observed'],
    [0xc000, 'strict'],
    [0xffff, 'strict'],
  ] as const)('[EV3] of type %i is %s', (type, ordering) => {
    expect(defineEvent({ type, name: 'todo.done', body: uint8 }).ordering).toBe(ordering);
    expect(defineEvent({ type, name: 'todo.done', ordering, body: uint8 }).ordering).toBe(ordering);
    expect(applicationOrdering(type)).toBe(ordering);
  });

  test.each([
    ['a type past 16 bits', { type: 0x10000, name: 'todo.done' }, 'no uint16'],
    ['type zero', { type: 0, name: 'todo.done' }, 'no uint16'],
    ['half a type', { type: 0x8000 + 0.5, name: 'todo.done' }, 'no uint16'],
    ['a name without a namespace', { type: 0x8000, name: 'done' }, 'kebab-case'],
    ['a name in camel case', { type: 0x8000, name: 'todo.itemDone' }, 'kebab-case'],
    ['a name with an empty part', { type: 0x8000, name: 'todo..done' }, 'kebab-case'],
    ['a name that would break a line', { type: 0x8000, name: 'todo.done\n' }, 'kebab-case'],
    ['strict below the strict types', { type: 0xbfff, name: 'todo.done', ordering: 'strict' }, '0xc000'],
    [
      'observed among the strict types',
      { type: 0xc000, name: 'todo.done', ordering: 'observed' },
      'strict by its code',
    ],
    ['a built-in type of unsaid ordering', { type: 0x0100, name: 'todo.done' }, 'states its ordering'],
  ] as const)('[EV3] with %s is refused', (_what, description, reason) => {
    expect(() => defineEvent({ ...description, body: uint8 })).toThrow(reason);
  });
});

describe('the built-in types', () => {
  test('[EV4] have one code point and one name each, below those of applications', () => {
    expect(new Set(eventDefinitions.map(({ type }) => type)).size).toBe(eventDefinitions.length);
    expect(new Set(eventDefinitions.map(({ name }) => name)).size).toBe(eventDefinitions.length);
    expect(eventDefinitions.every(({ type }) => type < 0x8000)).toBe(true);
  });

  test('[EV4] keep their code points, names and orderings', () => {
    const table = eventDefinitions.map(
      ({ type, name, ordering }) => `0x${type.toString(16).padStart(4, '0')} ${name} ${ordering}`,
    );
    expect(table.sort()).toEqual([
      '0x0001 chain.genesis strict',
      '0x0101 identity.device-added strict',
      '0x0102 identity.device-revoked strict',
      '0x0103 identity.device-renamed strict',
      '0x0104 identity.recovery-set strict',
      '0x0105 identity.recovery-started strict',
      '0x0106 identity.recovery-cancelled strict',
      '0x0107 identity.recovery-completed strict',
      '0x0201 group.mls-created strict',
      '0x0202 group.mls-commit strict',
      '0x0203 group.mls-proposal observed',
      '0x0204 group.message observed',
      '0x0205 group.member-added strict',
      '0x0206 group.member-removed strict',
      '0x0207 group.role-changed strict',
      '0x0208 group.commit-reported observed',
      '0x0209 group.mls-reinitialised strict',
      '0x020a group.predecessor-named observed',
      '0x020b group.account-named strict',
      '0x020c group.identity-synced strict',
      '0x0301 registry.admins-rotated strict',
      '0x0302 registry.module-published strict',
      '0x0303 registry.module-revoked strict',
      '0x0304 registry.synced strict',
      '0x0401 policy.bound strict',
      '0x0402 policy.record observed',
    ]);
  });

  test.each(eventDefinitions.map((built) => [built.name, built] as const))(
    '%s prints within 100 columns',
    (_name, built) => {
      for (const line of built.schema.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    },
  );
});
