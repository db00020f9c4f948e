import { describe, expect, test } from 'vitest';
import {
  DEFAULT_POLICY_FUEL,
  MODULE_RULES,
  runPolicy,
  verifyModuleStatically,
  verifyWasmModule,
  type ModuleSubject,
} from '../../../core/index.ts';
import { START_MS } from '../../../scripts/vectors/log-builder.ts';
import { assemble } from './assembler.ts';
import { envelopeFor, hostileEnvelopes, registryInUse, soundModule } from './hostile-envelopes.ts';
import { hostileModules } from './hostile-modules.ts';
import { hostileRuns } from './hostile-runs.ts';
import { compileMetered } from './policy-rounds.ts';

const log = registryInUse();

const sound = {
  envelope: envelopeFor(log, soundModule),
  bytes: soundModule,
  registry: { chain: log.chain, state: log.registry },
  at: START_MS,
};

/** The way of a module that somebody wants a chain to run: what was signed, what it is, and then what it does. */
function judge(subject: Partial<ModuleSubject>): unknown {
  const trusted = verifyWasmModule({ ...sound, ...subject });
  if (!trusted.ok) return { rule: trusted.error.rule, offset: trusted.error.offset };
  const call = { state: new Uint8Array(8), event: new Uint8Array(8), fuel: DEFAULT_POLICY_FUEL };
  const outcome = runPolicy(compileMetered(trusted.value.module.bytes), call);
  return outcome.kind === 'stopped' ? outcome.cause : outcome.kind;
}

/** As its admins signed it. */
function signed(bytes: Uint8Array): Partial<ModuleSubject> {
  return { bytes, envelope: envelopeFor(log, bytes, { pages: 256 }) };
}

test('what nothing is wrong with goes all the way', () => {
  expect(judge({})).toBe('accepted');
});

describe('[PM2, PM3, PM4, PM5, PM6, PM7, PM8, PM9] a module is refused where it breaks a rule', () => {
  test.each(hostileModules)('%s: %s', (_what, rule, code) => {
    const { bytes, here } = assemble(code);
    expect(verifyModuleStatically(bytes)).toEqual({ ok: false, error: { rule, offset: here } });
  });

  test('every rule has a module that breaks it', () => {
    const broken = new Set<string>(hostileModules.map(([, rule]) => rule));
    expect(Object.keys(MODULE_RULES).filter((rule) => !broken.has(rule))).toEqual([]);
  });
});

describe('[AR4, AR5, AR6, AR8, AR9, AR10, AR13, AR14] a module is refused for what was not signed of it', () => {
  test.each(hostileEnvelopes)('%s: %s', (_what, rule, subject) => {
    expect(judge(subject(log))).toEqual({ rule, offset: undefined });
  });
});

describe('[FU4, FU5, FU6] a module that would never end is stopped', () => {
  test.each(hostileRuns)('%s: %s', (_what, cause, code) => {
    expect(judge(signed(assemble(code).bytes))).toBe(cause);
  });
});
