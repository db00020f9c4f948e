interface MetricDefinition {
  readonly kind: 'counter' | 'histogram';
  /** As OpenMetrics names it; a counter's samples end in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly unit?: string;
  /** Each from a closed set: routes, codes and kinds that this program has, and nothing that a caller can make up. */
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, rising; one for all the rest is added. */
  readonly bounds?: readonly number[];
}

/** Seconds, from what a busy object takes to what a client gives up on. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Everything that a relay counts. What is not here is not counted. */
export const metrics = {
  requests: {
    kind: 'counter',
    name: 'terachat_requests',
    help: 'Answers by route, method and class of status.',
    labels: ['route', 'method', 'status'],
  },
  requestSeconds: {
    kind: 'histogram',
    name: 'terachat_request_seconds',
    unit: 'seconds',
    help: 'Time to the answer. On Workers the clock stands still between I/O, so computation is not in it.',
    labels: ['route'],
    bounds: SECONDS,
  },
  refusals: {
    kind: 'counter',
    name: 'terachat_refusals',
    help: 'Requests refused, by problem code.',
    labels: ['code'],
  },
  events: {
    kind: 'counter',
    name: 'terachat_events',
    help: 'Submitted events by outcome: accepted, repeated or refused.',
    labels: ['outcome'],
  },
  refusedEvents: {
    kind: 'counter',
    name: 'terachat_refused_events',
    help: 'Submitted events refused, by problem code.',
    labels: ['code'],
  },
  flushEvents: {
    kind: 'histogram',
    name: 'terachat_flush_events',
    help: 'Entries written in one transaction of a chain.',
    labels: [],
    bounds: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096],
  },
  flushSeconds: {
    kind: 'histogram',
    name: 'terachat_flush_seconds',
    unit: 'seconds',
    help: 'From deciding a flush until it is on disk.',
    labels: [],
    bounds: SECONDS,
  },
  rateLimited: {
    kind: 'counter',
    name: 'terachat_rate_limited',
    help: 'What was refused for being too often, by limit.',
    labels: ['limit'],
  },
  incidents: {
    kind: 'counter',
    name: 'terachat_incidents',
    help: 'What should not happen, by where; each has a line in the log.',
    labels: ['event'],
  },
  jobFailures: {
    kind: 'counter',
    name: 'terachat_job_failures',
    help: 'Failed steps of jobs, by kind; each is tried again.',
    labels: ['kind'],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof metrics;

/** Names of one kind of metric. */
export type CounterName = {
  [Name in MetricName]: (typeof metrics)[Name]['kind'] extends 'counter' ? Name : never;
}[MetricName];
export type HistogramName = Exclude<MetricName, CounterName>;

/** The table without its literal types. */
export function metricOf(name: MetricName): MetricDefinition {
  return metrics[name];
}
