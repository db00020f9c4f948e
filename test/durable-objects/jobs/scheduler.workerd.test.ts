import { evictDurableObject } from 'cloudflare:test';
import { beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS } from '../../../core/index.ts';
import {
  FIRST_RETRY_MS,
  JobScheduler,
  LONGEST_RETRY_MS,
  LONGEST_WAIT_MS,
  type JobFailure,
  type JobSchedulerOptions,
  type JobStep,
} from '../../../durable-objects/jobs/index.ts';
import { applyMigrations } from '../../../durable-objects/migrate.ts';
import { deviceMigrations } from '../../../migrations/index.ts';
import { freshObject, withStorage } from '../storage-of.ts';

const T = 1_800_000_000_000;
/** Armed for at once, or taken already by the object itself, for which nothing is due until 2027. */
const soon = [0, null];
const never = new Promise<undefined>(() => {});
const failing = () => Promise.reject(new Error('out of reach'));

let object: DurableObjectStub;
let now: number;
let ran: string[];
let failures: JobFailure[];

beforeEach(() => {
  object = freshObject('DEVICE');
  now = T;
  ran = [];
  failures = [];
});

/** A step that notes its run and answers what it is given. */
function step(name: string, answer: JobStep = () => undefined): JobStep {
  return (at) => {
    ran.push(name);
    return answer(at);
  };
}

interface Bench {
  readonly jobs: JobScheduler<'one' | 'two'>;
  readonly storage: DurableObjectStorage;
  rows(): unknown[];
  /** Until the alarm, in ms rounded up to 10 s, so that a slow machine changes nothing; null when none is armed. */
  armedIn(): Promise<number | null>;
}

function withJobs<R>(
  steps: { one?: JobStep; two?: JobStep },
  use: (bench: Bench) => Promise<R>,
  options: JobSchedulerOptions = {},
): Promise<R> {
  return withStorage(object, async (storage) => {
    applyMigrations(storage, deviceMigrations);
    const known = { one: step('one', steps.one), two: step('two', steps.two) };
    const onFailure = (failure: JobFailure) => failures.push(failure);
    const jobs = new JobScheduler(storage, known, () => now, { onFailure, ...options });
    return use({
      jobs,
      storage,
      rows: () => storage.sql.exec('SELECT kind, due_at - ? AS wait, attempt FROM jobs ORDER BY kind', T).toArray(),
      armedIn: async () => {
        const at = await storage.getAlarm();
        return at === null ? null : Math.max(0, Math.ceil((at - Date.now()) / 10_000) * 10_000);
      },
    });
  });
}

describe('scheduling', () => {
  it('keeps the earlier time and arms the alarm for the minimum', () =>
    withJobs({}, async ({ jobs, rows, armedIn }) => {
      expect(await armedIn()).toBeNull();
      jobs.schedule('one', T + 60_000);
      expect(await armedIn()).toBe(60_000);
      jobs.schedule('one', T + 90_000);
      jobs.schedule('two', T + 30_000);
      expect(await armedIn()).toBe(30_000);
      jobs.schedule('one', T + 50_000);
      expect(await armedIn()).toBe(30_000);
      expect(rows()).toEqual([
        { kind: 'one', wait: 50_000, attempt: 0 },
        { kind: 'two', wait: 30_000, attempt: 0 },
      ]);
    }));

  it('belongs to the transaction around it', () =>
    withJobs({}, async ({ jobs, storage, rows }) => {
      const failing = () =>
        storage.transactionSync(() => {
          jobs.schedule('one', T + 1000);
          throw new Error('undone');
        });
      expect(failing).toThrow('undone');
      expect(rows()).toEqual([]);
      jobs.schedule('one', T + 2000);
      expect(rows()).toEqual([{ kind: 'one', wait: 2000, attempt: 0 }]);
      await jobs.run(T + 2000);
      expect(ran).toEqual(['one']);
    }));

  it('keeps its waits when the clock of the object and of the platform are apart', () =>
    withJobs({}, async ({ jobs, armedIn }) => {
      now = 5_000;
      jobs.schedule('one', 65_000);
      expect(await armedIn()).toBe(60_000);
    }));
});

describe('running', () => {
  it('takes one step of each kind that is due and none that is not', () =>
    withJobs({}, async ({ jobs, rows, armedIn }) => {
      jobs.schedule('one', T);
      jobs.schedule('two', T + 60_000);
      await jobs.run();
      expect(ran).toEqual(['one']);
      expect(rows()).toEqual([{ kind: 'two', wait: 60_000, attempt: 0 }]);
      expect(await armedIn()).toBe(60_000);
    }));

  it('goes on at the time that the step asks for, at once where that has come', () =>
    withJobs({ one: (at) => at, two: (at) => Promise.resolve(at + 60_000) }, async ({ jobs, rows, armedIn }) => {
      jobs.schedule('one', T);
      jobs.schedule('two', T);
      await jobs.run();
      expect(rows()).toEqual([
        { kind: 'one', wait: 0, attempt: 0 },
        { kind: 'two', wait: 60_000, attempt: 0 },
      ]);
      expect(soon).toContain(await armedIn());
    }));

  it('keeps what is asked for while the step is under way', () =>
    withJobs({}, async ({ jobs, storage, rows }) => {
      const asking: { jobs?: JobScheduler<'one'> } = {};
      const one: JobStep = async () => {
        await Promise.resolve();
        asking.jobs?.schedule('one', T + 5000);
        asking.jobs?.schedule('one', T + 9000);
        return undefined;
      };
      asking.jobs = new JobScheduler(storage, { one }, () => now);
      jobs.schedule('one', T);
      await asking.jobs.run();
      expect(rows()).toEqual([{ kind: 'one', wait: 5000, attempt: 0 }]);
    }));

  it('runs nothing twice at the same time', async () => {
    let finish = (_: undefined) => {};
    const slow = new Promise<undefined>((resolve) => (finish = resolve));
    await withJobs({ one: () => slow }, async ({ jobs, rows }) => {
      jobs.schedule('one', T);
      const both = Promise.all([jobs.run(), jobs.run()]);
      finish(undefined);
      await both;
      expect(ran).toEqual(['one']);
      expect(rows()).toEqual([]);
    });
  });
});

describe('failure', () => {
  it('waits longer each time, up to a limit, and starts over after a success', async () => {
    let broken = true;
    const one = () => (broken ? failing() : undefined);
    await withJobs({ one }, async ({ jobs, rows }) => {
      jobs.schedule('one', T);
      const waits: number[] = [];
      for (let attempt = 1; attempt <= 12; attempt++) {
        await jobs.run();
        const [{ wait, attempt: counted }] = rows() as [{ wait: number; attempt: number }];
        expect(counted).toBe(attempt);
        waits.push(T + wait - now);
        now = T + wait;
      }
      expect(waits.slice(0, 4)).toEqual([1, 2, 4, 8].map((factor) => factor * FIRST_RETRY_MS));
      expect(waits.slice(-2)).toEqual([LONGEST_RETRY_MS, LONGEST_RETRY_MS]);
      expect(failures.at(-1)).toMatchObject({ kind: 'one', attempt: 12, cause: new Error('out of reach') });
      broken = false;
      await jobs.run();
      expect(rows()).toEqual([]);
    });
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', failing],
  ] as [string, JobStep][])('of a step that %s delays no other kind and keeps the alarm armed', (_, one) =>
    withJobs({ one, two: (at) => at + 60_000 }, async ({ jobs, rows, armedIn }) => {
      jobs.schedule('one', T);
      jobs.schedule('two', T);
      await jobs.run();
      expect(ran).toEqual(['one', 'two']);
      expect(rows()).toEqual([
        { kind: 'one', wait: FIRST_RETRY_MS, attempt: 1 },
        { kind: 'two', wait: 60_000, attempt: 0 },
      ]);
      expect(await armedIn()).toBe(10_000);
    }),
  );

  it('is not cut short by new work of the kind', () =>
    withJobs({ one: failing }, async ({ jobs, rows }) => {
      jobs.schedule('one', T);
      await jobs.run();
      jobs.schedule('one', T);
      expect(rows()).toEqual([{ kind: 'one', wait: FIRST_RETRY_MS, attempt: 1 }]);
    }));

  it('of a kind that this release does not know keeps its row for one that does', () =>
    withJobs({}, async ({ jobs, storage, rows }) => {
      storage.sql.exec(`INSERT INTO jobs (kind, due_at) VALUES ('toString', ?)`, T);
      jobs.schedule('two', T);
      await jobs.run();
      expect(ran).toEqual(['two']);
      expect(rows()).toEqual([{ kind: 'toString', wait: FIRST_RETRY_MS, attempt: 1 }]);
    }));

  it('by hanging delays no other kind, and counts once its limit is over', () =>
    withJobs(
      { one: () => never },
      async ({ jobs, rows, armedIn }) => {
        jobs.schedule('one', T);
        await jobs.run();
        expect(rows()).toEqual([{ kind: 'one', wait: 0, attempt: 0 }]);
        jobs.schedule('two', T);
        expect(soon).toContain(await armedIn());
        await jobs.run();
        expect(ran).toEqual(['one', 'two']);
        await scheduler.wait(150);
        expect(failures).toMatchObject([{ kind: 'one', attempt: 1 }]);
        expect(rows()).toEqual([{ kind: 'one', wait: FIRST_RETRY_MS, attempt: 1 }]);
      },
      { stepLimitMs: 100, alarmLimitMs: 10 },
    ));
});

describe('a clock that ran ahead', () => {
  it('puts no kind off for longer than anything is put off', async () => {
    let isBroken = false;
    const one = () => (isBroken ? failing() : undefined);
    await withJobs({ one, two: (at) => at + LONGEST_WAIT_MS }, async ({ jobs, storage, rows, armedIn }) => {
      now = T + 30 * DAY_MS;
      isBroken = true;
      jobs.schedule('one', now);
      jobs.schedule('two', now);
      await jobs.run();
      now = T;
      await storage.setAlarm(Date.now() + 30 * DAY_MS);
      await jobs.recover();
      expect(soon).toContain(await armedIn());
      isBroken = false;
      ran = [];
      await jobs.run();
      expect(ran).toEqual(['one', 'two']);
      expect(rows()).toEqual([{ kind: 'two', wait: LONGEST_WAIT_MS, attempt: 0 }]);
    });
  });

  it('is told from a time that lies far ahead, which is looked at now and then', () =>
    withJobs({ one: () => T + 400 * DAY_MS }, async ({ jobs, rows }) => {
      jobs.schedule('one', T + 400 * DAY_MS);
      jobs.schedule('two', Infinity);
      const waiting = ['one', 'two'].map((kind) => ({ kind, wait: LONGEST_WAIT_MS, attempt: 0 }));
      expect(rows()).toEqual(waiting);
      await jobs.run();
      expect(ran).toEqual([]);
      now = T + LONGEST_WAIT_MS;
      await jobs.run();
      expect(ran).toEqual(['one', 'two']);
      expect(rows()).toEqual([{ kind: 'one', wait: 2 * LONGEST_WAIT_MS, attempt: 0 }]);
    }));
});

describe('the alarm', () => {
  it('that was lost is armed again at the next wake', async () => {
    await withJobs({}, async ({ jobs, storage }) => {
      jobs.schedule('one', T + 60_000);
      await storage.deleteAlarm();
    });
    await evictDurableObject(object);
    await withJobs({}, async ({ jobs, storage, armedIn }) => {
      await storage.deleteAlarm();
      await jobs.recover();
      expect(await armedIn()).toBe(60_000);
    });
  });

  it('that is armed already is left as it is, and an idle object has none', () =>
    withJobs({}, async ({ jobs, storage, armedIn }) => {
      await jobs.recover();
      expect(await armedIn()).toBeNull();
      jobs.schedule('one', T + 60_000);
      await storage.setAlarm(Date.now() + 20_000);
      await jobs.recover();
      expect(await armedIn()).toBe(20_000);
    }));

  it('that comes twice, or too early, does nothing twice', () =>
    withJobs({}, async ({ jobs }) => {
      jobs.schedule('one', T + 1000);
      await jobs.run();
      expect(ran).toEqual([]);
      now = T + 1000;
      await jobs.run();
      await jobs.run();
      expect(ran).toEqual(['one']);
    }));

  it('leaves a step that a crash cut off to be run again', async () => {
    await withJobs({ one: () => never }, async ({ jobs }) => {
      jobs.schedule('one', T);
      void jobs.run();
    });
    await withJobs({}, async ({ jobs, rows }) => {
      await jobs.run();
      expect(ran).toEqual(['one', 'one']);
      expect(rows()).toEqual([]);
    });
  });
});
