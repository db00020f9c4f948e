import {
  adminRotation,
  blobDescriptor,
  entryCodec,
  eventDefinitions,
  eventTbs,
  guarantees,
  HOUR_MS,
  inconsistencyEvidence,
  keyPossession,
  MAX_ACTIVE_DEVICES,
  MAX_DEVICES,
  MAX_ROSTER,
  MINUTE_MS,
  MODULE_RULES,
  moduleManifest,
  moduleRevocation,
  placementCodec,
  policyRecord,
  printNotation,
  problems,
  segmentCodec,
  shardTail,
  type Codec,
} from '../../core/index.ts';
import * as mls from '../../core/mls/index.ts';
import * as wire from '../../core/wire/index.ts';
import { pairingAnswer, pairingOffer, pairingRequest, pairingTerms } from '../../sdk/account/pairing-code.ts';
import { recoveryCode } from '../../sdk/account/recovery-code.ts';
import { attachmentCodec } from '../../sdk/attachment/attachment.ts';
import { identityBackup } from '../../sdk/backup/identity-backup.ts';
import { passphraseBox } from '../../sdk/backup/passphrase-box.ts';
import { adminKey } from '../../sdk/registry/admin-key.ts';
import { chainStateCodec } from '../../core/state/chain-state.ts';
import { limitNames, limits, limitVariable, type LimitDefinition } from '../../relay/index.ts';
import { markdownTable } from './markdown-table.ts';
import { permissionTable } from './permissions.ts';

/** The generated parts of docs/spec: by page, then by the name that its markers carry. */
export const specSections: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  'events.md': { envelope, 'event types': eventTypes, bodies },
  'groups.md': { permissions: permissionTable, guarantees: guaranteeTable },
  'identities.md': {
    possession: () => definitionOf(keyPossession),
    pairing: () => definitionsOf([pairingOffer, pairingRequest, pairingAnswer, pairingTerms, recoveryCode]),
  },
  'registry.md': {
    statements: () => definitionsOf([adminRotation, moduleManifest, moduleRevocation]),
    'admin key': () => definitionOf(adminKey),
  },
  'state.md': { state: () => definitionOf(chainStateCodec) },
  'admission.md': { invitation: () => definitionsOf([wire.foundingTerms, wire.foundingInvitation]) },
  'limits.md': { limits: limitTable, 'group sizes': sizeTable },
  'problems.md': { 'problem codes': problemCodes },
  'client.md': { attachment: () => definitionOf(attachmentCodec) },
  'nodes.md': { 'object page': () => definitionsOf([wire.objectPage]) },
  'backup.md': { structures: () => definitionsOf([passphraseBox, identityBackup]) },
  'erasure.md': { structures: () => definitionsOf([shardTail, blobDescriptor, inconsistencyEvidence, segmentCodec]) },
  'cluster.md': { placement: () => definitionOf(placementCodec) },
  'policies.md': { 'module rules': moduleRules, record: () => definitionOf(policyRecord) },
  'wire.md': {
    modules: wireModules,
    appending: wireAppending,
    reading: wireReading,
    devices: wireDevices,
    streams: wireStreams,
  },
};

/** Puts each generated part between its markers. Throws where a page lacks them. */
export function fillPage(page: string, sections: Readonly<Record<string, () => string>>): string {
  return Object.entries(sections).reduce((text, [name, make]) => fillSection(text, name, make()), page);
}

function fillSection(page: string, name: string, content: string): string {
  const [start, end] = [`<!-- ${name}: written by scripts/make-spec-tables.ts -->`, `<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`no markers for '${name}'`);
  return `${page.slice(0, from + start.length)}\n\n${content}\n\n${page.slice(to)}`;
}

function envelope(): string {
  return fence(`${printNotation(eventTbs.notation)}\n\n${printNotation(entryCodec.notation)}`);
}

function eventTypes(): string {
  const rows = eventDefinitions.map(({ type, name, ordering }) => [hex(type), `\`${name}\``, ordering]);
  const free = [
    ['0x8000–0xbfff', 'applications', 'observed'],
    ['0xc000–0xffff', 'applications', 'strict'],
  ];
  return markdownTable(['type', 'name', 'ordering'], [...rows.sort(byFirst), ...free]);
}

function bodies(): string {
  return [...eventDefinitions]
    .sort((a, b) => a.type - b.type)
    .map(({ name, body }) => `### ${name}\n\n${definitionOf(body)}`)
    .join('\n\n');
}

function problemCodes(): string {
  const rows = Object.entries(problems).map(([code, { status, title }]) => [`\`${code}\``, String(status), title]);
  return markdownTable(['code', 'status', 'meaning'], rows.sort(byFirst));
}

function moduleRules(): string {
  return markdownTable(
    ['rule', 'broken by'],
    Object.entries(MODULE_RULES).map(([rule, brokenBy]) => [`\`${rule}\``, brokenBy]),
  );
}

function guaranteeTable(): string {
  const rows = Object.entries(guarantees).map(([name, { kept, lost }]) => [`\`${name}\``, kept, lost]);
  return markdownTable(['guarantee', 'with it', 'without it'], rows);
}

function limitTable(): string {
  const rows = limitNames.map((name) => {
    const { counts, per, count, periodMs, keptBy }: LimitDefinition = limits[name];
    const variable = limitVariable(name);
    return [
      `\`${name}\``,
      counts,
      per,
      `${count.toLocaleString('en')} in ${periodOf(periodMs)}`,
      keptBy,
      variable === undefined ? '–' : `\`${variable}\``,
    ];
  });
  return markdownTable(['limit', 'counts', 'per', 'default', 'kept by', 'variable'], rows);
}

function sizeTable(): string {
  const rows = [
    ['members of an encrypted group at one time', wire.MAX_GROUP_MEMBERS, '`group-full`', '`GM6`'],
    ['members that one commit adds', wire.MAX_COMMIT_ADDS, '`too-many-adds`', '`GM6`'],
    ['people whom a roster lists, with all who ever left', MAX_ROSTER, '`roster-full`', '`GR5`'],
    ['devices of an account at one time', MAX_ACTIVE_DEVICES, '`too-many-devices`', '`ID3`'],
    ['devices that an account has or ever had', MAX_DEVICES, '`device-list-full`', '`ID3`'],
    ['leaves of a tree, blank ones included', mls.MAX_GROUP_LEAVES, '`invalid-handshake`: `tree-full`', '`ML5`'],
    ['bytes of a tree', mls.MAX_TREE_BYTES, '`invalid-handshake`: `tree-too-large`', '`ML91`'],
    ['proposals that one commit applies', mls.MAX_COMMIT_PROPOSALS, '`invalid-handshake`: `list-too-long`', '`ML5`'],
    ['proposals of one epoch', mls.MAX_EPOCH_PROPOSALS, '`invalid-handshake`: `proposal-limit`', '`ML71`'],
  ] as const;
  const cells = rows.map(([what, limit, code, rule]) => [what, limit.toLocaleString('en'), code, rule]);
  return markdownTable(['what', 'at most', 'refused as', 'rule'], cells);
}

function periodOf(periodMs: number): string {
  const hours = periodMs / HOUR_MS;
  if (hours < 1) return `${periodMs / MINUTE_MS} min`;
  return hours < 24 ? `${hours} h` : `${hours / 24} d`;
}

function wireAppending(): string {
  return definitionsOf([wire.appendRequest, wire.commitBundle, wire.appendAnswer]);
}

function wireReading(): string {
  return definitionsOf([wire.entryPage, wire.stateAnswer, wire.epochProposals, wire.accountFollowing]);
}

function wireModules(): string {
  return definitionsOf([wire.moduleSubmission, wire.registryAnswer, wire.moduleList]);
}

function wireDevices(): string {
  return definitionsOf([
    wire.keyPackagePublication,
    wire.keyPackageStock,
    wire.keyPackageClaim,
    wire.claimedKeyPackage,
    wire.keyPackageClaims,
    wire.claimOutcomes,
    wire.mailboxPage,
    wire.mailboxAck,
    wire.envelopePost,
    wire.tokenRevocation,
    wire.tokenState,
  ]);
}

function wireStreams(): string {
  return definitionsOf([
    wire.ticketAnswer,
    wire.chainUpFrame,
    wire.chainDownFrame,
    wire.mailboxUpFrame,
    wire.mailboxDownFrame,
  ]);
}

/** Definitions that share structures, each structure once. */
function definitionsOf(codecs: readonly { readonly notation: Codec<unknown>['notation'] }[]): string {
  const blocks = codecs.flatMap(({ notation }) => printNotation(notation).split('\n\n'));
  return fence([...new Set(blocks)].join('\n\n'));
}

function definitionOf({ notation }: { readonly notation: Codec<unknown>['notation'] }): string {
  return fence(printNotation(notation));
}

function fence(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}

function hex(type: number): string {
  return `0x${type.toString(16).padStart(4, '0')}`;
}

function byFirst(a: readonly string[], b: readonly string[]): number {
  return (a[0] ?? '') < (b[0] ?? '') ? -1 : 1;
}
