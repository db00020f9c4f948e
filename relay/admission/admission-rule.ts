import { fromBase64Url, parseActorKey } from '../../core/index.ts';
import type { Variables } from '../limits/limit-table.ts';

/** Who may found chains here (`AD1`). */
export type AdmissionRule =
  | { readonly kind: 'open' }
  | { readonly kind: 'invite'; readonly operatorKey: Uint8Array }
  | { readonly kind: 'list'; readonly actors: ReadonlySet<string> };

export interface ConfiguredAdmission {
  readonly rule: AdmissionRule;
  /** Variables that can't be understood. */
  readonly faults: readonly string[];
}

/** What a rule that can't be understood comes to: nobody, so that a misspelling opens no relay. */
const NOBODY: AdmissionRule = { kind: 'list', actors: new Set() };

/**
 * Reads `ADMISSION` (`open`, `invite` or `list`), `ADMISSION_KEY` (the operator's public key) and `ADMISSION_ACTORS` (keys,
 * between commas or spaces).
 */
export function configureAdmission(variables: Variables): ConfiguredAdmission {
  const kind = textOf(variables['ADMISSION']);
  switch (kind) {
    case '':
    case 'open':
      return { rule: { kind: 'open' }, faults: [] };
    case 'invite': {
      const operatorKey = keyOf(textOf(variables['ADMISSION_KEY']));
      return operatorKey === undefined
        ? { rule: NOBODY, faults: ['ADMISSION_KEY'] }
        : { rule: { kind, operatorKey }, faults: [] };
    }
    case 'list': {
      const actors = textOf(variables['ADMISSION_ACTORS'])
        .split(/[\s,]+/)
        .filter((actor) => actor !== '');
      const isValid = actors.length > 0 && actors.every((actor) => keyOf(actor) !== undefined);
      return { rule: { kind, actors: new Set(actors) }, faults: isValid ? [] : ['ADMISSION_ACTORS'] };
    }
    default:
      return { rule: NOBODY, faults: ['ADMISSION'] };
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

function keyOf(text: string): Uint8Array | undefined {
  return parseActorKey(fromBase64Url(text) ?? new Uint8Array());
}
