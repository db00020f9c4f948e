import type { RelayInfo } from '../../core/index.ts';
import { RelayProblem, type RootView, type Session, type Storage } from '../../sdk/index.ts';
import { foundedRegistry } from '../admin/own-registry.ts';
import { ROOT_ADVICE, standingOfRoot } from '../admin/show.ts';
import { describeFailure } from '../failure.ts';
import { utcTime } from '../utc-time.ts';
import { fail, pass, warn, type Check } from './check.ts';
import { checkPolicies } from './policy-checks.ts';

const NAME = 'registry';

interface Asked {
  readonly session: Session;
  readonly storage: Storage;
  readonly info: RelayInfo;
}

/**
 * Whether the relay has pinned a registry, the one that this profile founded if any, whose log verifies and whose admins can sign; and
 * whether it can run what that lists.
 */
export async function checkRegistry({ session, storage, info }: Asked, signal: AbortSignal): Promise<readonly Check[]> {
  const founded = await foundedRegistry(storage);
  try {
    const registry = await session.registry({ signal });
    const { root, modules } = await registry.view({ signal });
    const isOwn = founded === undefined || registry.id === founded;
    return [isOwn ? checkRoot(root) : notFounded(registry.id, founded), checkPolicies(info, modules, Date.now())];
  } catch (cause) {
    signal.throwIfAborted();
    return [checkRefusal(cause, founded), checkPolicies(info, [], Date.now())];
  }
}

function notFounded(pinned: string, founded: string): Check {
  const found = `the relay has pinned another than this profile founded: ${pinned}`;
  return fail(NAME, found, `If that is a mistake, its operator sets REGISTRY = "${founded}"`);
}

function checkRoot(root: RootView): Check {
  const unrevoked = root.admins.filter(({ isRevoked }) => !isRevoked).length;
  const who = `${root.threshold} of ${unrevoked} admins sign`;
  const standing = standingOfRoot(root, Date.now());
  if (standing === 'expired') return fail(NAME, `its admins expired ${utcTime(root.expiresAt)}`, ROOT_ADVICE.expired);
  const found = `${who}, until ${utcTime(root.expiresAt)}`;
  return standing === 'soon' ? warn(NAME, found, ROOT_ADVICE.soon) : pass(NAME, found);
}

function checkRefusal(cause: unknown, founded: string | undefined): Check {
  const code = cause instanceof RelayProblem ? cause.code : undefined;
  if (code === 'no-registry' && founded === undefined) return pass(NAME, 'none is pinned: no policy modules here');
  if (code === 'no-registry') {
    const todo = `Its operator sets REGISTRY = "${founded ?? ''}"`;
    return warn(NAME, 'the relay has not pinned the one that this profile founded', todo);
  }
  if (code === 'not-found') {
    const todo = 'Its operator sets REGISTRY to a registry that was founded there: terachat admin init';
    return fail(NAME, 'the relay has pinned a chain that is not there', todo);
  }
  const { message, hint = 'Try again.' } = describeFailure(cause);
  return fail(NAME, message, hint);
}
