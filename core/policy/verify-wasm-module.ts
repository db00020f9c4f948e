import { equalBytes } from '../bytes/index.ts';
import { encode } from '../codec/index.ts';
import { sha256 } from '../crypto/index.ts';
import type { DsseEnvelope } from '../dsse/index.ts';
import { err, ok, type Result } from '../result.ts';
import {
  checkPublication,
  checkSigners,
  checkValidity,
  currentRoot,
  findModule,
  MODULE_MANIFEST_TYPE,
  moduleManifest,
  moduleRevokedAt,
  nameSigners,
  readAdminStatement,
  type AdminRoot,
  type AdminSignature,
  type KnownRegistry,
  type ModuleManifest,
  type PublishedModule,
  type RegistryRefusal,
  type RegistryState,
  type StatementRefusal,
} from '../state/index.ts';
import type { VerifiedModule } from './module-image.ts';
import type { ModuleRule } from './module-rules.ts';
import { verifyModuleStatically } from './verify-module.ts';

/** What `verifyWasmModule` is asked about. Envelope and bytes are believed in nothing. */
export interface ModuleSubject {
  /** The manifest as the admins signed it (`AR12`). */
  readonly envelope: DsseEnvelope;
  readonly bytes: Uint8Array;
  readonly registry: KnownRegistry;
  /** Relay time in ms at which it is to be used. */
  readonly at: number;
}

/** A module that the admins vouch for, and that keeps every rule of a policy module. */
export interface TrustedModule {
  readonly manifest: ModuleManifest;
  readonly module: VerifiedModule;
  /** Entry of the registry that published it; undefined for one that could be published now. */
  readonly publishedAt: number | undefined;
}

/** The first rule that was broken. `offset` is the place in the module, where the rule is about its bytes. */
export interface WasmModuleRefusal {
  readonly rule: StatementRefusal['code'] | RegistryRefusal['code'] | 'module-mismatch' | 'memory-pages' | ModuleRule;
  readonly offset: number | undefined;
  /** What the refusal itself says, for a rule of statements or of the registry. */
  readonly refusal: StatementRefusal | RegistryRefusal | undefined;
}

/**
 * `verify_wasm_module` (`AR13`): first what the admins signed, in their registry at that time; then that these are the bytes; then the
 * module itself. One that is published is verified by the root that signed it, so that it outlives a rotation, but not its revocation
 * or its expiry; any other is verified as if it were to be published now. Pure: no clock, no network, nothing is run.
 */
export function verifyWasmModule({
  envelope,
  bytes,
  registry,
  at,
}: ModuleSubject): Result<TrustedModule, WasmModuleRefusal> {
  const statement = readAdminStatement(envelope);
  if (!statement.ok) return refused(statement.error);
  if (statement.value.kind !== 'publication') {
    return refused({ code: 'unsupported-statement', payloadType: envelope.payloadType });
  }
  const manifest = statement.value.value;
  const published = findPublication(registry.state, manifest);
  const refusal = checkTrust(envelope, { manifest, published, registry, at });
  if (refusal !== undefined) return refused(refusal);
  const module = checkBytes(bytes, manifest);
  return module.ok ? ok({ manifest, module: module.value, publishedAt: published?.index }) : module;
}

/** Of this very manifest: another about the same module is not what was published. */
function findPublication(state: RegistryState, manifest: ModuleManifest): PublishedModule | undefined {
  const found = findModule(state, manifest.hash);
  const isSame = found && equalBytes(encode(moduleManifest, found.manifest), encode(moduleManifest, manifest));
  return isSame === true ? found : undefined;
}

interface Claim {
  readonly manifest: ModuleManifest;
  readonly published: PublishedModule | undefined;
  readonly registry: KnownRegistry;
  readonly at: number;
}

function checkTrust(envelope: DsseEnvelope, claim: Claim): RegistryRefusal | undefined {
  const { manifest, published, registry, at } = claim;
  const root = published === undefined ? currentRoot(registry.state) : rootOfEpoch(registry.state, manifest.adminEpoch);
  if (root === undefined) return { code: 'wrong-admin-epoch', epoch: currentRoot(registry.state).epoch };
  const signatures = nameSigners(envelope, root.keys);
  if (!signatures.ok) return signatures.error;
  const { chain, state } = registry;
  if (published === undefined)
    return checkPublication(state, { manifest, signatures: signatures.value }, { chain, at });
  return (
    checkPublished(envelope, signatures.value, root) ?? checkRevoked(state, manifest) ?? checkValidity(manifest, at)
  );
}

/** Keys that were revoked since count for what the log already has: its order says that they signed before. */
function checkPublished(
  { payload }: DsseEnvelope,
  signatures: readonly AdminSignature[],
  root: AdminRoot,
): RegistryRefusal | undefined {
  return checkSigners({ payloadType: MODULE_MANIFEST_TYPE, payload, signatures }, [root], []);
}

function checkRevoked(state: RegistryState, { hash }: ModuleManifest): RegistryRefusal | undefined {
  const at = moduleRevokedAt(state, hash);
  return at === undefined ? undefined : { code: 'module-revoked', at };
}

function rootOfEpoch({ roots }: RegistryState, epoch: number): AdminRoot | undefined {
  return roots.find(({ root }) => root.epoch === epoch)?.root;
}

/** Whether these bytes are the manifest's module, and a policy module within what the manifest grants it (`AR14`). */
export function checkBytes(
  bytes: Uint8Array,
  { hash, size, pages }: ModuleManifest,
): Result<VerifiedModule, WasmModuleRefusal> {
  if (bytes.length !== size || !equalBytes(sha256(bytes), hash)) return broken('module-mismatch', undefined);
  const module = verifyModuleStatically(bytes);
  if (!module.ok) return broken(module.error.rule, module.error.offset);
  return (module.value.memory?.maximum ?? 0) > pages ? broken('memory-pages', undefined) : module;
}

function broken(rule: WasmModuleRefusal['rule'], offset: number | undefined): Result<never, WasmModuleRefusal> {
  return err({ rule, offset, refusal: undefined });
}

function refused(refusal: StatementRefusal | RegistryRefusal): Result<never, WasmModuleRefusal> {
  return err({ rule: refusal.code, offset: undefined, refusal });
}
