import { summarise, type Measurement, type Round } from './measure.ts';
import type { Scenario } from './scenario.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

export interface BenchRun {
  readonly scenarios: readonly Scenario[];
  readonly rounds: number;
  readonly scale: number;
  readonly report: (message: string) => void;
}

/** Measures one scenario after the other, all in one run of the relay and of the floors. */
export async function runBench({ scenarios, rounds, scale, report }: BenchRun): Promise<Measurement[]> {
  const bench = await openWorkbench({ scale, report });
  try {
    const measurements: Measurement[] = [];
    for (const scenario of scenarios) measurements.push(...(await measure(scenario, rounds, bench)));
    return measurements;
  } finally {
    await bench.close();
  }
}

/** The first round warms both sides up and does not count. */
async function measure(scenario: Scenario, rounds: number, bench: Workbench): Promise<Measurement[]> {
  const name = scenario.rows[0]?.name ?? '';
  bench.report(`${name}: warming up`);
  const opened = await scenario.open(bench);
  try {
    await opened.round();
    const measured: (readonly Round[])[] = [];
    for (let round = 1; round <= rounds; round++) {
      bench.report(`${name}: round ${round} of ${rounds}`);
      measured.push(await opened.round());
    }
    return scenario.rows.map((row, i) =>
      summarise(
        row,
        measured.map((figures) => figures[i] as Round),
      ),
    );
  } finally {
    await opened.close();
  }
}
