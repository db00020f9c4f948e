import { metricOf, type CounterName, type HistogramName } from './metric-table.ts';

/**
 * What was counted, by series: the metric's name and its label values, each after a line end. A counter is one number; a
 * histogram has one a bucket, not cumulated, and at the end the sum of what was observed.
 */
export type Measured = Readonly<Record<string, readonly number[]>>;

/** Series that are kept; labels come from closed sets, so this is met by a mistake alone. */
const MAX_SERIES = 4_096;

/** Counts in memory, until somebody takes them away. */
export class Measures {
  #series = new Map<string, number[]>();

  get isEmpty(): boolean {
    return this.#series.size === 0;
  }

  count(metric: CounterName, label: string, by = 1): void {
    const series = this.#of(`${metric}\n${label}`, 1);
    series[0] = (series[0] ?? 0) + by;
  }

  /** A request: the one counter with three labels. */
  countRequest(route: string, method: string, status: string): void {
    this.count('requests', `${route}\n${method}\n${status}`);
  }

  observe(metric: HistogramName, value: number, label?: string): void {
    const { bounds = [] } = metricOf(metric);
    const series = this.#of(label === undefined ? metric : `${metric}\n${label}`, bounds.length + 2);
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
    series[bucket] = (series[bucket] ?? 0) + 1;
    series[series.length - 1] = (series.at(-1) ?? 0) + value;
  }

  /** Gives everything away and begins anew. */
  take(): Measured {
    const taken = Object.fromEntries(this.#series);
    this.#series = new Map();
    return taken;
  }

  /** Takes back what could not be handed on. */
  restore(measured: Measured): void {
    for (const [key, numbers] of Object.entries(measured)) {
      const series = this.#of(key, numbers.length);
      numbers.forEach((number, i) => (series[i] = (series[i] ?? 0) + number));
    }
  }

  #of(key: string, length: number): number[] {
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const series = Array<number>(length).fill(0);
    if (this.#series.size < MAX_SERIES) this.#series.set(key, series);
    return series;
  }
}

/** Adds a report to the totals. A series whose shape an older release had otherwise begins anew. */
export function addMeasured(totals: Measured, report: Measured): Measured {
  const sum: Record<string, readonly number[]> = { ...totals };
  for (const [key, numbers] of Object.entries(report)) {
    const before = sum[key];
    if (before === undefined && Object.keys(sum).length >= MAX_SERIES) continue;
    sum[key] = before?.length === numbers.length ? numbers.map((number, i) => number + (before[i] ?? 0)) : numbers;
  }
  return sum;
}
