import { isRelayInfo, type RelayInfo } from '../../core/index.ts';
import { RelayChangedError } from '../../sdk/index.ts';
import { fileStorage } from '../../sdk/node/index.ts';
import { describeFailure } from '../failure.ts';
import { packageVersion } from '../invocation.ts';
import { connectFromNode } from '../person.ts';
import { storageFolder, type Profile } from '../profile.ts';
import { fail, pass, warn, type Check } from './check.ts';
import { checkRegistry } from './registry-checks.ts';

const ANSWER_DEADLINE_MS = 10_000;
/** The relay refuses events and requests that are dated further from its own clock than `CLOCK_FAIL_MS`. */
const CLOCK_WARN_MS = 60_000;
const CLOCK_FAIL_MS = 300_000;

/** Whether the profile's relay answers, is the one that the profile knows, and knows the time. */
export async function checkRelay(profile: Profile, signal: AbortSignal): Promise<readonly Check[]> {
  const begun = Date.now();
  try {
    const info = await askRelay(profile.relay, signal);
    const ended = Date.now();
    const time = Number(info.time);
    return [
      pass('reachable', `${profile.relay} answered in ${ended - begun} ms`),
      checkVersion(info),
      checkClock(Math.max(0, time - ended) + Math.min(0, time - begun)),
      ...(await checkSession(profile, info, signal)),
    ];
  } catch (cause) {
    signal.throwIfAborted();
    const reason = cause instanceof Error ? cause.message : String(cause);
    const todo = 'Check the address, this machine’s network, and whether the relay runs.';
    return [fail('reachable', `${profile.relay} gave no answer of a relay (${reason})`, todo)];
  }
}

async function askRelay(url: string, signal: AbortSignal): Promise<RelayInfo> {
  const deadline = AbortSignal.timeout(ANSWER_DEADLINE_MS);
  const response = await fetch(new URL('/v1/relay', url), { signal: AbortSignal.any([signal, deadline]) });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const info: unknown = await response.json().catch(() => undefined);
  if (!isRelayInfo(info) || !Number.isFinite(Number(info.time))) throw new Error('it is no description of one');
  return info;
}

function checkVersion({ version }: RelayInfo): Check {
  const own = packageVersion();
  if (version === own) return pass('relay-version', version);
  return warn(
    'relay-version',
    `the relay runs ${version}, this is ${own}`,
    'If something is refused, update the older.',
  );
}

/** `aheadMs` is how far the relay's clock is ahead of this machine's at the least: one request can't tell a time within it from another. */
function checkClock(aheadMs: number): Check {
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  const found = `this machine's clock is ${seconds} s ${aheadMs < 0 ? 'ahead of' : 'behind'} the relay's`;
  const todo = 'Set the clock of whichever is wrong; five minutes apart, everything that is signed is refused.';
  if (Math.abs(aheadMs) >= CLOCK_FAIL_MS) return fail('clock', found, todo);
  if (Math.abs(aheadMs) >= CLOCK_WARN_MS) return warn('clock', found, todo);
  return pass('clock', seconds === 0 ? 'agrees with the relay' : found);
}

/** Opens the profile as every command does: its storage, its pin of the relay, its keys. */
async function checkSession(
  { relay, folder, actor }: Profile,
  info: RelayInfo,
  signal: AbortSignal,
): Promise<readonly Check[]> {
  const storage = fileStorage(storageFolder(folder));
  try {
    const session = await connectFromNode(relay, storage, signal);
    const isOwn = session.identity?.actor === actor;
    const key = isOwn
      ? pass('relay-key', `${session.relay.name}, with the key that this profile knows`)
      : fail('relay-key', 'the storage holds another identity than the profile', 'Restore the folder from a backup.');
    const checks = [key, ...(isOwn ? await checkRegistry({ session, storage, info }, signal) : [])];
    session.close();
    return checks;
  } catch (cause) {
    signal.throwIfAborted();
    const { message, hint = 'Try again.' } = describeFailure(cause);
    const found = cause instanceof RelayChangedError ? `another relay answers: ${message}` : message;
    return [fail('relay-key', found, hint)];
  } finally {
    await storage.close();
  }
}
