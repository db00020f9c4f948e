import { equalBytes } from '../../bytes/index.ts';
import type { DsseEnvelope } from '../../dsse/index.ts';
import { EVENT_ID_BYTES } from '../../event/index.ts';
import { err, type Result } from '../../result.ts';
import type { Position, RuleRefusal } from '../rule.ts';
import { checkAdminRoot } from './admin-root.ts';
import { logStatement, readAdminStatement, type AdminStatement, type LoggedStatement } from './admin-statement.ts';
import type { StatementRefusal } from './admin-statement.ts';
import { registryRules } from './index.ts';
import { checkManifest } from './module-manifest.ts';
import type { RegistryRefusal } from './refusal.ts';
import { currentRoot, type KnownRegistry } from './registry-state.ts';

/** Why a registry would not take an envelope. */
export type JudgedRefusal = StatementRefusal | RuleRefusal;

/**
 * What a registry would say to an envelope as its next entry, at that time: the event to send, or the rule that it breaks (`AR18`). What is
 * said comes before who signed it, so that an envelope which is short of signatures shows every other fault first.
 */
export function judgeStatement(
  envelope: DsseEnvelope,
  registry: KnownRegistry,
  at: number,
): Result<LoggedStatement, JudgedRefusal> {
  const statement = readAdminStatement(envelope);
  if (!statement.ok) return statement;
  const unsigned = logStatement({ ...envelope, signatures: [] }, []);
  if (!unsigned.ok) return unsigned;
  const fault = checkBody(unsigned.value, registry, at);
  if (fault !== undefined && fault.code !== 'threshold-not-met') return err(fault);
  const signed = logStatement(envelope, statementSigners(statement.value, registry));
  if (!signed.ok) return signed;
  const refusal = checkBody(signed.value, registry, at);
  return refusal === undefined ? signed : err(refusal);
}

/** The keys whose signatures count: those of the root in force, and for a rotation those of the next. */
export function statementSigners(statement: AdminStatement, { state }: KnownRegistry): readonly Uint8Array[] {
  const { keys } = currentRoot(state);
  if (statement.kind !== 'rotation') return keys;
  return [...keys, ...statement.value.root.keys.filter((key) => !keys.some((other) => equalBytes(other, key)))];
}

/** What no registry whatever would take: for whoever signs without one at hand. */
export function checkStatement({ kind, value }: AdminStatement): RegistryRefusal | undefined {
  if (kind === 'rotation') return checkAdminRoot(value.root);
  if (kind === 'publication') return checkManifest(value);
  return value.modules.length + value.keys.length === 0 ? { code: 'nothing-revoked' } : undefined;
}

function checkBody(
  { definition, body }: LoggedStatement,
  { chain, state }: KnownRegistry,
  relayTime: number,
): RuleRefusal | undefined {
  const rule = registryRules.get(definition.type);
  if (rule === undefined) throw new Error('every statement has a rule');
  // Who carries it, and as which event, changes nothing of what is asked here.
  const position: Position = {
    chain,
    relayTime,
    index: state.lastStrictIndex + 1,
    actor: state.registrar,
    eventId: new Uint8Array(EVENT_ID_BYTES),
  };
  return rule.check(state, position, body);
}
