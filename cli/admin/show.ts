import { DAY_MS, type Json } from '../../core/index.ts';
import type { ModuleView, RegistryView, RootView } from '../../sdk/index.ts';
import { table, type Output } from '../output.ts';
import { printable } from '../printable.ts';
import { utcTime, utcTimeFromNow } from '../utc-time.ts';

/** How long before it expires the admins are told: signatures of people on several machines take time. */
const SOON_MS = 30 * DAY_MS;

/** How long a root still signs. */
export function standingOfRoot({ expiresAt }: Pick<RootView, 'expiresAt'>, now: number): 'good' | 'soon' | 'expired' {
  if (now >= expiresAt) return 'expired';
  return expiresAt - now < SOON_MS ? 'soon' : 'good';
}

/** What to do about it. */
export const ROOT_ADVICE = {
  soon: 'Rotate before then: terachat admin rotate. Afterwards they sign for nothing else.',
  expired: 'Nothing can be published or revoked before they rotate: terachat admin rotate',
} as const;

/** `pinned` is what the relay has pinned: null for nothing, undefined where nobody was asked. */
export function showRegistry(view: RegistryView, pinned: string | null | undefined, output: Output): void {
  const now = Date.now();
  const standing = standingOfRoot(view.root, now);
  const value = { ...view, standing, pinned: pinned ?? null, modules: view.modules.map(moduleDocument) };
  output.result(value as unknown as Json, text(view, { pinned, now }));
}

function text(
  view: RegistryView,
  { pinned, now }: { readonly pinned: string | null | undefined; readonly now: number },
) {
  const { id, root, modules, revokedKeys, revokedModules } = view;
  const unrevoked = root.admins.filter(({ isRevoked }) => !isRevoked).length;
  const facts = table([
    ['registry', id],
    ...(pinned === undefined ? [] : [['relay', pinText(id, pinned)] as const]),
    ['epoch', `${root.epoch}, since entry ${root.since}`],
    ['threshold', `${root.threshold} of ${unrevoked} keys sign`],
    ['expires', utcTimeFromNow(root.expiresAt, now)],
  ]);
  const keys = root.admins.map(
    ({ key, fingerprint, isRevoked }) => `  ${isRevoked ? 'revoked' : 'key    '}  ${fingerprint}  ${key}`,
  );
  const standing = standingOfRoot(root, now);
  const warning = standing === 'good' ? [] : [`\n${WARNINGS[standing]}\n${ROOT_ADVICE[standing]}`];
  const published = modules.length === 0 ? ['  none'] : modules.flatMap((module) => moduleLines(module, now));
  const known = new Set([...root.admins.map(({ key }) => key), ...modules.map(({ hash }) => hash)]);
  const others = [
    ...revokedKeys.map(({ key, index }) => ['key', key, index] as const),
    ...revokedModules.map(({ hash, index }) => ['module', hash, index] as const),
  ].filter(([, name]) => !known.has(name));
  const gone = others.map(([kind, name, index]) => `  ${kind.padEnd(6)}  ${name}  entry ${index}`);
  const revoked = gone.length === 0 ? [] : ['\nRevoked besides', ...gone];
  return [facts, ...keys, ...warning, '\nModules', ...published, ...revoked].join('\n');
}

const WARNINGS = { soon: 'These admins expire soon.', expired: 'These admins have expired.' } as const;

function pinText(id: string, pinned: string | null): string {
  if (pinned === id) return 'has pinned it';
  return pinned === null ? 'has pinned no registry: REGISTRY is not set' : `has pinned another: ${pinned}`;
}

function moduleLines({ name, version, hash, expiresAt, notBefore, revokedAt }: ModuleView, now: number): string[] {
  const state =
    revokedAt !== undefined
      ? `revoked by entry ${revokedAt}`
      : now < notBefore
        ? `from ${utcTime(notBefore)} on`
        : `${now < expiresAt ? 'until' : 'expired'} ${utcTime(expiresAt)}`;
  return [`  ${printable(name)} ${version}, ${state}`, `    ${hash}`];
}

function moduleDocument(module: ModuleView): Json {
  return { ...module, previous: module.previous ?? null, revokedAt: module.revokedAt ?? null };
}
