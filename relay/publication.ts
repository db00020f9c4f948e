import {
  admitEvent,
  checkBytes,
  decode,
  err,
  MAX_MODULE_POST_BYTES,
  modulePublished,
  moduleSubmission,
  ok,
  type Result,
  type VerifiedEvent,
} from '../core/index.ts';
import type { RelayRefusal } from './answer.ts';
import { eventKeyOf } from './append.ts';
import type { AppendLimits } from './limits/append-limits.ts';
import type { ChainHead, LogReader } from './ports.ts';
import { checkSize, screenEvent, type Candidate, type CheckSignatures } from './submission.ts';

/** What a publication is judged against. */
export interface PublicationContext {
  readonly head: ChainHead;
  readonly log: LogReader;
  readonly clock: number;
  readonly check: CheckSignatures;
  readonly limits: Pick<AppendLimits, 'meterOne'>;
}

/**
 * Judges a module with the event that publishes it before it is queued (`AR16`): the event as any other, so that nobody without
 * permission and without the admins' signatures has a module read; then that these are the bytes, and a policy module. The flush asks
 * the registry's rules again. A retry is passed on, to get its first receipt.
 */
export function screenModulePost(body: Uint8Array, context: PublicationContext): Result<Candidate, RelayRefusal> {
  const refusal = checkSize(body, MAX_MODULE_POST_BYTES);
  if (refusal !== undefined) return err(refusal);
  const post = decode(moduleSubmission, body);
  if (!post.ok) return err({ ...post.error });
  const { event, signature } = post.value;
  const signedEvent = screenEvent(event, signature, context.head.chain, context.check);
  const screened = context.limits.meterOne(signedEvent, context.clock);
  if (!screened.ok) return screened;
  const { signed } = screened.value;
  const { type } = signed.event;
  if (type !== modulePublished.type) return err({ code: 'unknown-event-type', eventType: type });
  if (context.log.findEvents([eventKeyOf(signed)]).length > 0) return screened;
  const admission = admitNow(signed, context);
  return admission === undefined ? judgeModule(signed, post.value.module) : err(admission);
}

function admitNow({ event }: VerifiedEvent, { head, log, clock }: PublicationContext): RelayRefusal | undefined {
  const view = { state: head.state, size: head.size, leafAt: (index: number) => log.leafAt(index) };
  const admission = admitEvent(view, event, Math.max(clock, head.relayTime), { clock });
  return admission.ok ? undefined : { ...admission.error };
}

function judgeModule(signed: VerifiedEvent, bytes: Uint8Array): Result<Candidate, RelayRefusal> {
  const body = modulePublished.decodeBody(signed.event.body);
  if (!body.ok) return err({ ...body.error });
  const { manifest } = body.value;
  const module = checkBytes(bytes, manifest);
  if (module.ok) return ok({ signed, payload: undefined, module: { hash: manifest.hash, bytes } });
  const { rule, offset } = module.error;
  return err(rule === 'module-mismatch' ? { code: 'payload-mismatch' } : { code: 'module-refused', rule, offset });
}
