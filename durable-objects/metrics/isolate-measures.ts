import { Measures, type Measured, type RelayRefusal } from '../../relay/index.ts';
import type { MetricsObject } from './object.ts';

interface MetricsEnvironment {
  readonly METRICS: DurableObjectNamespace<MetricsObject>;
  readonly METRICS_INTERVAL_S?: string;
}

/** All isolates report to the one object of this name. */
const OBJECT = 'relay';
const DEFAULT_INTERVAL_S = 30;

/**
 * What this isolate counts, for the worker and every object in it: isolates share no memory, so this is the largest thing
 * that can count without I/O.
 */
export const measures = new Measures();

let lastReport = 0;

/**
 * Hands on what was counted, at most once in an interval and never from a timer, which would keep objects awake. Returns
 * nothing where it is not time, else what the caller may wait for; it never rejects, and what could not be handed on is
 * kept for the next time.
 */
export function reportMeasures(env: MetricsEnvironment): Promise<void> | undefined {
  const now = Date.now();
  if (Math.abs(now - lastReport) < intervalMs(env) || measures.isEmpty) return undefined;
  lastReport = now;
  return handOn(env);
}

/** Everything that has been reported, this isolate's own counts included. */
export async function readMeasures(env: MetricsEnvironment): Promise<Measured> {
  await handOn(env);
  return metricsObject(env).read();
}

async function handOn(env: MetricsEnvironment): Promise<void> {
  const taken = measures.take();
  try {
    await metricsObject(env).report(taken);
  } catch {
    measures.restore(taken);
  }
}

interface RemoteMetrics {
  report(measured: Measured): Promise<void>;
  read(): Promise<Measured>;
}

function metricsObject({ METRICS }: MetricsEnvironment): RemoteMetrics {
  return METRICS.getByName(OBJECT);
}

function intervalMs({ METRICS_INTERVAL_S = '' }: MetricsEnvironment): number {
  const seconds = METRICS_INTERVAL_S === '' ? DEFAULT_INTERVAL_S : Number(METRICS_INTERVAL_S);
  return (seconds >= 0 ? seconds : DEFAULT_INTERVAL_S) * 1000;
}

/** A flush that is on disk; one that wrote nothing was none. */
export function measureFlush(env: MetricsEnvironment, entries: number, ms: number): void {
  if (entries > 0) {
    measures.observe('flushEvents', entries);
    measures.observe('flushSeconds', Math.max(0, ms) / 1000);
  }
  void reportMeasures(env);
}

/** For refusals on their way to a caller. */
export function countRateLimited({ code, limit }: RelayRefusal): void {
  if (typeof limit === 'string' && (code === 'rate-limited' || code === 'founding-quota-reached'))
    measures.count('rateLimited', limit);
}
