import type { RelayInfo } from '../../core/index.ts';
import type { ModuleView } from '../../sdk/index.ts';
import { fail, pass, warn, type Check } from './check.ts';

const NAME = 'policies';
/** Modules that are named one by one. */
const MAX_NAMED = 3;
const REMEDY =
  'Its operator deploys with isolates, npm run deploy -- --env policies, or brings each: npm run deploy -- --module FILE';

/** Whether the relay can run what its registry lists (`PX11`): a group whose policy it can't run takes no records. */
export function checkPolicies({ policies }: RelayInfo, modules: readonly ModuleView[], now: number): Check {
  if (policies === undefined) return warn(NAME, 'the relay does not say how it runs them', 'Update the relay.');
  if (policies.run === 'isolates') return pass(NAME, 'run in isolates: any module of the registry');
  const usable = modules.filter(({ revokedAt, expiresAt }) => revokedAt === undefined && now < expiresAt);
  const missing = usable.filter(({ hash }) => !policies.modules.includes(hash));
  if (policies.run === 'none') {
    if (missing.length === 0) return pass(NAME, 'the relay can run none, and none is listed');
    return fail(NAME, `the relay can run none, and the registry lists ${namesOf(missing)}`, REMEDY);
  }
  const own = `the relay runs the ${policies.modules.length} that it was deployed with`;
  if (missing.length === 0) return pass(NAME, own);
  return warn(NAME, `${own}, and not ${namesOf(missing)}`, REMEDY);
}

function namesOf(modules: readonly ModuleView[]): string {
  const named = modules.slice(0, MAX_NAMED).map(({ name, version }) => `${name} ${version}`);
  const more = modules.length - named.length;
  return [named.join(', '), ...(more > 0 ? [`${more} more`] : [])].join(' and ');
}
