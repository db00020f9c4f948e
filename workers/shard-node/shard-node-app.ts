import type { Hono } from 'hono';
import type { Clock } from '../http/clock.ts';
import type { RequestGate } from '../http/request-gate.ts';
import type { ShardNodeEnvironment } from './environment.ts';

/** What routes need besides their request. */
export interface Services {
  readonly clock: Clock;
  readonly gate: RequestGate;
}

export interface ShardNodeBindings {
  readonly Bindings: ShardNodeEnvironment;
}

export type ShardNodeApp = Hono<ShardNodeBindings>;
