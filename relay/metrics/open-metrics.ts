import type { Measured } from './measures.ts';
import { metricOf, metrics, type MetricName } from './metric-table.ts';

export const OPEN_METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** Something that is so at the time of asking. */
export interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

/** The totals as OpenMetrics 1.0 text: every metric of the table, also those that nothing was counted of. */
export function formatOpenMetrics(totals: Measured, gauges: readonly Gauge[]): string {
  const names = Object.keys(metrics) as MetricName[];
  const lines = [...gauges.flatMap(gaugeLines), ...names.flatMap((name) => metricLines(name, totals)), '# EOF'];
  return `${lines.join('\n')}\n`;
}

function gaugeLines({ name, help, samples }: Gauge): string[] {
  const values = samples.map(({ labels, value }) => `${name}${labelText(Object.entries(labels))} ${value}`);
  return [`# TYPE ${name} gauge`, `# HELP ${name} ${escape(help)}`, ...values];
}

function metricLines(metric: MetricName, totals: Measured): string[] {
  const { kind, name, help, unit, labels } = metricOf(metric);
  const head = [
    `# TYPE ${name} ${kind}`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escape(help)}`,
  ];
  const series = Object.entries(totals).filter(([key]) => key === metric || key.startsWith(`${metric}\n`));
  const samples = series.sort(byKey).flatMap(([key, numbers]) => {
    const values = key.split('\n').slice(1);
    if (values.length !== labels.length) return [];
    const pairs = labels.map((label, i) => [label, values[i] ?? ''] as const);
    return kind === 'counter'
      ? [`${name}_total${labelText(pairs)} ${numbers[0] ?? 0}`]
      : bucketLines(metric, pairs, numbers);
  });
  return [...head, ...samples];
}

type Pairs = readonly (readonly [string, string])[];

/** Buckets are cumulated here alone, so that reports can be added up. */
function bucketLines(metric: MetricName, pairs: Pairs, numbers: readonly number[]): string[] {
  const { name, bounds = [] } = metricOf(metric);
  if (numbers.length !== bounds.length + 2) return [];
  let count = 0;
  const buckets = [...bounds, Infinity].map((bound, i) => {
    count += numbers[i] ?? 0;
    return `${name}_bucket${labelText([...pairs, ['le', boundText(bound)]])} ${count}`;
  });
  return [
    ...buckets,
    `${name}_count${labelText(pairs)} ${count}`,
    `${name}_sum${labelText(pairs)} ${numbers.at(-1) ?? 0}`,
  ];
}

/** Canonical numbers, as OpenMetrics wants bounds: always with a fraction. */
function boundText(bound: number): string {
  if (bound === Infinity) return '+Inf';
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function labelText(pairs: Pairs): string {
  return pairs.length === 0 ? '' : `{${pairs.map(([name, value]) => `${name}="${escape(value)}"`).join(',')}}`;
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
