/** What is measured: a figure, and the floor that it is divided by. */
export interface MeasurementPlan {
  readonly name: string;
  readonly unit: string;
  /** The ratio that is asked for. */
  readonly target: number;
  /** A rate's ratio may not fall below its target; a time's may not rise above it. */
  readonly kind: 'rate' | 'time';
}

/** One round's figure beside the floor of the same round. */
export interface Round {
  readonly value: number;
  readonly floor: number;
  /** Further figures of the round, such as a peak of memory; their largest is reported. */
  readonly extra?: Readonly<Record<string, number>>;
}

export interface Measurement extends MeasurementPlan {
  /** Medians of the rounds. */
  readonly value: number;
  readonly floor: number;
  readonly ratio: number;
  /** Smallest and largest ratio among the rounds. */
  readonly spread: readonly [number, number];
  readonly isMet: boolean;
  readonly extra: Readonly<Record<string, number>>;
}

/** At least one round. Ratios are taken within a round: what a shared machine does to one side, it does to the other. */
export function summarise(plan: MeasurementPlan, rounds: readonly Round[]): Measurement {
  const ratios = rounds.map(({ value, floor }) => value / floor);
  const ratio = median(ratios);
  return {
    ...plan,
    value: median(rounds.map(({ value }) => value)),
    floor: median(rounds.map(({ floor }) => floor)),
    ratio,
    spread: [Math.min(...ratios), Math.max(...ratios)],
    isMet: plan.kind === 'rate' ? ratio >= plan.target : ratio <= plan.target,
    extra: largest(rounds.map(({ extra }) => extra ?? {})),
  };
}

function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The value below which this share of all values lies; of at least one. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}

function largest(extras: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const names = new Set(extras.flatMap((extra) => Object.keys(extra)));
  return Object.fromEntries([...names].map((name) => [name, Math.max(...extras.map((extra) => extra[name] ?? 0))]));
}
