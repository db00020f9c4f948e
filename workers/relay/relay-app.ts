import { OpenAPIHono } from '@hono/zod-openapi';
import type { RelayEnvironment } from '../../durable-objects/index.ts';
import type { CheckSignatures } from '../../relay/index.ts';
import type { Clock } from '../http/clock.ts';
import { problemResponse } from './problem.ts';
import type { RequestGate } from '../http/request-gate.ts';

/** What routes need besides their request. */
export interface Services {
  readonly clock: Clock;
  readonly gate: RequestGate;
  readonly checkSignatures: CheckSignatures;
}

export interface RelayBindings {
  readonly Bindings: RelayEnvironment;
}

export type RelayApp = OpenAPIHono<RelayBindings>;

/** An app whose validated paths and queries refuse with the problem that names the parameter. */
export function createApp(): RelayApp {
  return new OpenAPIHono<RelayBindings>({
    defaultHook: (result) => {
      if (result.success) return undefined;
      const [issue] = result.error.issues;
      const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
      const parameter = unknown ?? issue?.path.join('.') ?? '';
      return problemResponse({ code: 'malformed-request', parameter });
    },
  });
}
