import { waitUntil } from 'cloudflare:workers';
import { measures, reportMeasures, type RelayEnvironment } from '../../durable-objects/index.ts';
import { refusalOf } from './problem.ts';
import type { RouteNames } from './route-names.ts';

/** One answered request, for the log and the counts: nothing of it that a caller chose. */
interface Answered {
  readonly method: string;
  /** The pattern, never the path: names in a path say who talks with whom. */
  readonly route: string;
  readonly status: number;
  readonly code?: string;
  readonly ms: number;
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS']);

export interface Observed {
  readonly request: Request;
  readonly pathname: string;
  readonly startedAt: number;
  readonly now: number;
}

/** Counts an answer and, where the operator asked for it, logs it as a line of JSON (`OP2`, `OP3`). */
export function observeAnswer(env: RelayEnvironment, response: Response, names: RouteNames, observed: Observed): void {
  const { request, pathname, startedAt, now } = observed;
  const refusal = refusalOf(response);
  const method = METHODS.has(request.method) ? request.method : 'other';
  const { status } = response;
  const answered: Answered = {
    method,
    route: names.routeOf(pathname),
    status,
    ...(refusal && { code: refusal.code }),
    ms: Math.max(0, now - startedAt),
  };
  measures.countRequest(answered.route, method, `${Math.floor(status / 100)}xx`);
  measures.observe('requestSeconds', answered.ms / 1000, answered.route);
  if (refusal !== undefined) measures.count('refusals', refusal.code);
  // eslint-disable-next-line no-console -- the platform's log is where operators look
  if (env.LOG_REQUESTS === 'true') console.log(JSON.stringify({ level: 'info', event: 'request', ...answered }));
  const report = reportMeasures(env);
  if (report !== undefined) waitUntil(report);
}
