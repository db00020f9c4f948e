import type { MeasurementPlan, Round } from './measure.ts';
import type { Workbench } from './workbench.ts';

/** One thing that is measured, with a row of the report for each of its figures. */
export interface Scenario {
  readonly rows: readonly MeasurementPlan[];
  /** Left out unless it is named: it takes minutes. */
  readonly isOptional?: boolean;
  open(bench: Workbench): Promise<OpenScenario>;
}

export interface OpenScenario {
  /** Measures figure and floor of every row, in the order of `rows`. */
  round(): Promise<readonly Round[]>;
  close(): Promise<void> | void;
}

/** A number of items for one round: the usual one at the bench's scale, and never none. */
export function scaled(count: number, { scale }: Workbench): number {
  return Math.max(1, Math.round(count * scale));
}
