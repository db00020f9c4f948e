import {
  ADMIN_ROTATION_TYPE,
  adminRotation,
  dsseVerifyJob,
  encode,
  MODULE_MANIFEST_TYPE,
  moduleManifest,
  moduleRevocation,
  REVOCATION_TYPE,
  signEd25519,
  type AdminRoot,
  type AdminRotation,
  type AdminSignature,
  type AdminsRotated,
  type Genesis,
  type ModuleManifest,
  type ModulePublished,
  type ModuleRevocation,
  type ModuleRevoked,
} from '../../core/index.ts';
import { actorNamed, LogBuilder, START_MS, type Actor } from './log-builder.ts';
import { groupGenesis, hashOf } from './sample-bodies.ts';

const YEAR_MS = 365 * 86_400_000;

/** Three admins of the first root, one who comes with the second, and who carries what they sign. */
export const [ada, ben, cleo, dora, registrar] = ['ada', 'ben', 'cleo', 'dora', 'registrar'].map(actorNamed) as [
  Actor,
  Actor,
  Actor,
  Actor,
  Actor,
];

type Place = Pick<LogBuilder, 'chain'>;

export function rootOf(admins: readonly Actor[], fields: Partial<AdminRoot> = {}): AdminRoot {
  return { epoch: 1, keys: admins.map(({ key }) => key), threshold: 2, expiresAt: START_MS + YEAR_MS, ...fields };
}

export function registryGenesis(root: AdminRoot = rootOf([ada, ben, cleo]), fields: Partial<Genesis> = {}): Genesis {
  const parameters = { kind: 'registry', value: { root } } as const;
  return groupGenesis('plain', { visibility: 'public', parameters, ...fields });
}

export function newRegistry(root?: AdminRoot): LogBuilder {
  return new LogBuilder(registrar, registryGenesis(root), { isSigned: true });
}

/** A root of the second epoch, signed by those who are named. */
export function rotationOf(
  log: Place,
  signers: readonly Actor[],
  fields: Partial<AdminRoot> = {},
  registry: Uint8Array = log.chain,
): AdminsRotated {
  const rotation: AdminRotation = { registry, root: rootOf([ada, ben, dora], { epoch: 2, ...fields }) };
  return { rotation, signatures: signaturesOf(ADMIN_ROTATION_TYPE, encode(adminRotation, rotation), signers) };
}

function manifestOf(log: Place, fields: Partial<ModuleManifest> = {}): ModuleManifest {
  return {
    registry: log.chain,
    name: 'ledger',
    version: 1,
    previous: undefined,
    abi: 1,
    hash: hashOf('ledger 1'),
    size: 4_096,
    fuel: 1_000_000,
    pages: 16,
    notBefore: START_MS,
    expiresAt: START_MS + YEAR_MS,
    adminEpoch: 1,
    ...fields,
  };
}

export function publicationOf(
  log: Place,
  signers: readonly Actor[] = [ada, ben],
  fields: Partial<ModuleManifest> = {},
): ModulePublished {
  const manifest = manifestOf(log, fields);
  return { manifest, signatures: signaturesOf(MODULE_MANIFEST_TYPE, encode(moduleManifest, manifest), signers) };
}

export function revocationOf(
  log: Place,
  signers: readonly Actor[],
  fields: Partial<ModuleRevocation> = {},
): ModuleRevoked {
  const nothing = { registry: log.chain, adminEpoch: 1, reason: 'compromised', modules: [], keys: [] } as const;
  const revocation: ModuleRevocation = { ...nothing, ...fields };
  return { revocation, signatures: signaturesOf(REVOCATION_TYPE, encode(moduleRevocation, revocation), signers) };
}

export function signaturesOf(
  payloadType: string,
  payload: Uint8Array,
  signers: readonly Actor[],
): readonly AdminSignature[] {
  return signers.map(({ seed, key }) => {
    const { message } = dsseVerifyJob({ payloadType, payload }, { key, signature: new Uint8Array(64) });
    return { key, signature: signEd25519(seed, message) };
  });
}
