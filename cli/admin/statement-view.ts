import {
  adminRotation,
  currentRoot,
  equalBytes,
  findModule,
  moduleManifest,
  moduleRevocation,
  toBase64Url,
  WASM_PAGE_BYTES,
  type AdminRotation,
  type AdminStatement,
  type Json,
  type KnownRegistry,
  type ModuleManifest,
  type ModuleRevocation,
} from '../../core/index.ts';
import { fingerprintOf } from '../../sdk/index.ts';
import { formatBytes } from '../format-bytes.ts';
import { table } from '../output.ts';
import { printable } from '../printable.ts';
import { utcTime, utcTimeFromNow } from '../utc-time.ts';

/** What is known besides the statement itself. */
export interface Beside {
  /** Undefined where no log of the registry is at hand. */
  readonly registry: KnownRegistry | undefined;
  readonly now: number;
}

/** A statement for programs. */
export function statementDocument({ kind, value }: AdminStatement): Json {
  const statement =
    kind === 'rotation'
      ? adminRotation.view(value)
      : kind === 'publication'
        ? moduleManifest.view(value)
        : moduleRevocation.view(value);
  return { kind, statement };
}

/** The same in words, for whoever is about to sign it. */
export function statementText({ kind, value }: AdminStatement, beside: Beside): string {
  if (kind === 'rotation') return rotationText(value, beside);
  return kind === 'publication' ? manifestText(value, beside) : revocationText(value, beside);
}

function rotationText({ registry, root }: AdminRotation, { registry: known, now }: Beside): string {
  const { epoch, keys, threshold, expiresAt } = root;
  const facts = table([
    ['registry', toBase64Url(registry)],
    ['epoch', String(epoch)],
    ['threshold', `${threshold} of ${keys.length} keys sign from then on`],
    ['expires', utcTimeFromNow(expiresAt, now)],
  ]);
  const before = known === undefined ? undefined : currentRoot(known.state).keys;
  const isIn = (all: readonly Uint8Array[], key: Uint8Array) => all.some((other) => equalBytes(other, key));
  const after = keys.map((key) => keyLine(before === undefined ? 'key' : isIn(before, key) ? 'stays' : 'comes', key));
  const gone = (before ?? []).filter((key) => !isIn(keys, key)).map((key) => keyLine('leaves', key));
  return `The next admins of a registry\n${facts}\n${[...after, ...gone].join('\n')}`;
}

function manifestText(manifest: ModuleManifest, { now }: Beside): string {
  const { registry, name, version, previous, hash, size, fuel, pages, notBefore, expiresAt, adminEpoch } = manifest;
  const facts = table([
    ['registry', toBase64Url(registry)],
    ['hash', toBase64Url(hash)],
    ['follows', previous === undefined ? 'nothing: it is the first of its name' : toBase64Url(previous)],
    ['size', formatBytes(size)],
    ['may use', `${fuel.toLocaleString('en')} fuel a call, ${formatBytes(pages * WASM_PAGE_BYTES)} of memory`],
    ['from', utcTime(notBefore)],
    ['expires', utcTimeFromNow(expiresAt, now)],
    ['admins', `of epoch ${adminEpoch}`],
  ]);
  return `To be published: module ${printable(name)}, version ${version}\n${facts}`;
}

function revocationText(
  { registry, adminEpoch, reason, modules, keys }: ModuleRevocation,
  { registry: known }: Beside,
) {
  const facts = table([
    ['registry', toBase64Url(registry)],
    ['reason', reason],
    ['admins', `of epoch ${adminEpoch}`],
  ]);
  const lines = modules.map((hash) => {
    const manifest = known && findModule(known.state, hash)?.manifest;
    const named = manifest === undefined ? '' : `  ${printable(manifest.name)} ${manifest.version}`;
    return `  module  ${toBase64Url(hash)}${named}`;
  });
  return `To be taken back, for good\n${facts}\n${[...lines, ...keys.map((key) => keyLine('key', key))].join('\n')}`;
}

/** A key as people compare it, and as programs take it. */
export function keyLine(label: string, key: Uint8Array, note = ''): string {
  return `  ${label.padEnd(7)}  ${fingerprintOf(key)}  ${toBase64Url(key)}${note === '' ? '' : `  ${note}`}`;
}
