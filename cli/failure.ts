import { ForkError, NetworkError, RelayChangedError, TeraChatError, UntrustedError } from '../sdk/index.ts';
import type { ExitName } from './exit-codes.ts';
import { fileErrorMessage, isDiskFull, reasonOf } from './system-error.ts';

/** Ends a command with a message for people, a code for programs and an exit code for scripts. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exit: ExitName;
  readonly code: string;
  /** What to do next. */
  readonly hint: string | undefined;

  constructor(exit: ExitName, code: string, message: string, hint?: string) {
    super(message);
    this.exit = exit;
    this.code = code;
    this.hint = hint;
  }
}

/** Ends a command whose result has said everything, such as a verdict that is no. */
export class Answered extends Error {
  override readonly name = 'Answered';
  readonly exit: ExitName;

  constructor(exit: ExitName) {
    super(exit);
    this.exit = exit;
  }
}

/** What to tell of anything that was thrown. A fault of our own keeps its message and asks for a report. */
export function describeFailure(cause: unknown): Pick<Failure, 'exit' | 'code' | 'message' | 'hint'> {
  if (cause instanceof Failure) return cause;
  if (cause instanceof TeraChatError) {
    const { code, message, hint } = cause;
    return { exit: exitOf(cause), code, message, hint };
  }
  if (cause instanceof TypeError || cause instanceof RangeError) {
    return { exit: 'usage', code: 'invalid-argument', message: cause.message, hint: undefined };
  }
  // Node's own timers and streams abort with an Error, and all else with a DOMException.
  if (cause instanceof Error && cause.name === 'AbortError') {
    return { exit: 'interrupted', code: 'interrupted', message: 'stopped', hint: undefined };
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  const ofFile = fileErrorMessage(cause);
  if (ofFile !== undefined) return { exit: 'usage', code: 'file-unusable', message: ofFile, hint: undefined };
  if (isDiskFull(cause)) {
    const hint = 'Make room, and do it again.';
    return { exit: 'usage', code: 'file-unusable', message: `It can't be kept: ${reasonOf(cause)}.`, hint };
  }
  return { exit: 'failed', code: 'internal', message, hint: 'This is a fault of the program; please report it.' };
}

function exitOf(error: TeraChatError): ExitName {
  if (error instanceof ForkError || error instanceof UntrustedError || error instanceof RelayChangedError)
    return 'unverified';
  return error instanceof NetworkError ? 'unreachable' : 'failed';
}
