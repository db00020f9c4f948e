import { contentDigest, err, ok, type Result } from '../../core/index.ts';
import type { Caller, CheckSignatures, RelayRefusal } from '../../relay/index.ts';
import { checkBodyHeaders, readBody } from './body.ts';
import type { Clock } from './clock.ts';
import { isSigned, verifyRequest, type SignedRequest } from './request-signature.ts';

/** A signed request, its body read and compared with the signed digest. */
export interface SignedCall {
  readonly caller: Caller;
  readonly body: Uint8Array;
}

/** What a request must pass before a route sees it. */
export interface RequestGate {
  /**
   * For what only an actor may do. `limitBytes` is 0 where the route takes no body. `judge` refuses callers by who they are,
   * before anything of their body is read.
   */
  admitSigned(
    request: Request,
    limitBytes: number,
    judge?: (caller: Caller) => RelayRefusal | undefined,
  ): Promise<Result<SignedCall, RelayRefusal>>;
  /**
   * As `admitSigned`, for a body that is too long to be held: whoever reads it compares it with the digest that was signed,
   * and stops at the limit.
   */
  admitStream(request: Request, limitBytes: number): Promise<Result<SignedRequest, RelayRefusal>>;
  /** For reading a chain, which may be public. A signature that is there must hold, whether it is needed or not. */
  admitReader(request: Request): Promise<Result<Caller | undefined, RelayRefusal>>;
  /** For bodies that carry their own signatures. */
  admitBody(request: Request, limitBytes: number): Promise<Result<Uint8Array, RelayRefusal>>;
}

export function createRequestGate(port: {
  readonly clock: Clock;
  readonly checkSignatures: CheckSignatures;
}): RequestGate {
  const admitBody: RequestGate['admitBody'] = (request, limitBytes) => {
    const refusal = checkBodyHeaders(request, limitBytes);
    return refusal ? Promise.resolve(err(refusal)) : readBody(request, limitBytes);
  };

  /** In the order of `HT2`: nobody makes the relay hold a body that they could not sign for. */
  const admitSigned: RequestGate['admitSigned'] = async (request, limitBytes, judge) => {
    const refusal = checkBodyHeaders(request, limitBytes);
    if (refusal) return err(refusal);
    const signed = await verifyRequest(request, port);
    if (!signed.ok) return signed;
    const unwelcome = judge?.(signed.value.caller);
    if (unwelcome !== undefined) return err(unwelcome);
    const body = await readBody(request, limitBytes);
    if (!body.ok) return body;
    if (contentDigest(body.value) !== signed.value.digest) return err({ code: 'digest-mismatch' });
    return ok({ caller: signed.value.caller, body: body.value });
  };

  const admitStream: RequestGate['admitStream'] = async (request, limitBytes) => {
    const refusal = checkBodyHeaders(request, limitBytes);
    return refusal ? err(refusal) : verifyRequest(request, port);
  };

  const admitReader: RequestGate['admitReader'] = async (request) => {
    if (!isSigned(request)) return ok(undefined);
    const signed = await admitSigned(request, 0);
    return signed.ok ? ok(signed.value.caller) : signed;
  };

  return { admitSigned, admitStream, admitReader, admitBody };
}
