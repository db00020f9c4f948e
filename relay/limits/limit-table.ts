import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/index.ts';

/** So many in a period; what is not used up comes back evenly. */
export interface Limit {
  readonly count: number;
  readonly periodMs: number;
}

export interface LimitDefinition extends Limit {
  /** What is counted. */
  readonly counts: string;
  /** Whose count it is. */
  readonly per: string;
  /** Where the count is kept, which says how long it lasts. */
  readonly keptBy: 'platform' | 'memory' | 'storage';
  /** A rule of the protocol, that no operator changes. */
  readonly isFixed?: true;
}

/**
 * Every limit on how often something may be done, by the name that a refusal carries (`LM1`). Sizes are bounded in
 * `core/wire/limits.ts`.
 */
export const limits = {
  'address-requests': {
    counts: 'requests, before anything of them is read',
    per: 'address, at each place of the platform',
    count: 600,
    periodMs: MINUTE_MS,
    keptBy: 'platform',
  },
  'refused-events': {
    counts: 'events refused as bad-signature, malformed, wrong-chain, not-permitted or actor-removed',
    per: 'chain and address, or actor on a stream',
    count: 120,
    periodMs: MINUTE_MS,
    keptBy: 'memory',
  },
  'actor-appends': {
    counts: 'events with a valid signature',
    per: 'chain and actor',
    count: 1_200,
    periodMs: MINUTE_MS,
    keptBy: 'memory',
  },
  'invalid-commits': {
    counts:
      'commit bundles and proposals that the actor was permitted to send and that are not valid; the last one costs a period',
    per: 'chain and actor',
    count: 3,
    periodMs: MINUTE_MS,
    keptBy: 'memory',
  },
  'actor-requests': {
    counts: 'signed requests',
    per: 'chain or device, and actor',
    count: 600,
    periodMs: MINUTE_MS,
    keptBy: 'memory',
  },
  tickets: {
    counts: 'tickets for a stream',
    per: 'chain or device, and actor',
    count: 60,
    periodMs: MINUTE_MS,
    keptBy: 'memory',
  },
  'uploaded-mib': {
    counts: 'MiB of attachments that were begun, or begun again, or are read back to go on with, each rounded up',
    per: 'chain and actor',
    count: 2_048,
    periodMs: HOUR_MS,
    keptBy: 'memory',
  },
  claims: {
    counts: 'KeyPackages handed out; the period begins with the first',
    per: 'device and chain',
    count: 10,
    periodMs: HOUR_MS,
    keptBy: 'storage',
    isFixed: true,
  },
  'claimer-claims': {
    counts: 'KeyPackages handed out; the period begins with the first',
    per: 'device and actor who claims',
    count: 20,
    periodMs: HOUR_MS,
    keptBy: 'storage',
    isFixed: true,
  },
  'founder-chains': {
    counts: 'chains founded; the period is a day of UTC',
    per: 'actor',
    count: 50,
    periodMs: DAY_MS,
    keptBy: 'storage',
  },
  'address-chains': {
    counts: 'chains founded; the period is a day of UTC',
    per: 'address',
    count: 200,
    periodMs: DAY_MS,
    keptBy: 'storage',
  },
} as const satisfies Readonly<Record<string, LimitDefinition>>;

export type LimitName = keyof typeof limits;
export type Limits = Readonly<Record<LimitName, Limit>>;

export const limitNames = Object.keys(limits) as readonly LimitName[];

/** Variables that an operator sets, and what else an environment holds. */
export type Variables = Readonly<Record<string, unknown>>;

export interface ConfiguredLimits {
  readonly limits: Limits;
  /** Variables whose value means nothing: the limit that they should change stands as it is. */
  readonly faults: readonly string[];
}

/** Multiplies every limit that is not fixed and not the platform's. */
const LIMIT_FACTOR = 'LIMIT_FACTOR';

/** `LIMIT_ACTOR_APPENDS` for `actor-appends`. The platform's limits are in wrangler.toml; fixed ones have no variable. */
export function limitVariable(name: LimitName): string | undefined {
  const { keptBy, isFixed }: LimitDefinition = limits[name];
  return keptBy === 'platform' || isFixed === true ? undefined : `LIMIT_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** Reads `COUNT/SECONDS`, or `off`, of each limit's variable (`LM2`). */
export function configureLimits(variables: Variables): ConfiguredLimits {
  const faults: string[] = [];
  const factor = parseFactor(variables[LIMIT_FACTOR]);
  if (factor === undefined) faults.push(LIMIT_FACTOR);
  const entries = limitNames.map((name): readonly [LimitName, Limit] => {
    const { count, periodMs } = limits[name];
    const variable = limitVariable(name);
    if (variable === undefined) return [name, { count, periodMs }];
    const chosen = parseLimit(variables[variable], { count, periodMs });
    if (chosen === undefined) faults.push(variable);
    const limit = chosen ?? { count, periodMs };
    return [name, { ...limit, count: limit.count * (factor ?? 1) }];
  });
  return { limits: Object.fromEntries(entries) as Limits, faults };
}

function parseFactor(value: unknown): number | undefined {
  if (value === undefined || value === '') return 1;
  return typeof value === 'string' && /^[1-9]\d{0,8}$/.test(value) ? Number(value) : undefined;
}

function parseLimit(value: unknown, standing: Limit): Limit | undefined {
  if (value === undefined || value === '') return standing;
  if (value === 'off') return { ...standing, count: Infinity };
  const [, count, seconds] = /^([1-9]\d{0,8})\/([1-9]\d{0,5})$/.exec(typeof value === 'string' ? value : '') ?? [];
  return count === undefined ? undefined : { count: Number(count), periodMs: Number(seconds) * SECOND_MS };
}
