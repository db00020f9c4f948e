import { shareName } from '../../durable-objects/index.ts';
import type { AdmissionObject, ChainObject, DeviceObject, RelayEnvironment } from '../../durable-objects/index.ts';
import type { Remote } from '../http/remote.ts';

type ChainMethod =
  | 'genesis'
  | 'found'
  | 'append'
  | 'commit'
  | 'publish'
  | 'registry'
  | 'modules'
  | 'module'
  | 'claim'
  | 'claimOne'
  | 'entries'
  | 'payload'
  | 'tree'
  | 'state'
  | 'following'
  | 'groupInfo'
  | 'proposals'
  | 'checkpoint'
  | 'proof'
  | 'beginUpload'
  | 'resumeUpload'
  | 'uploadOffset'
  | 'noteRow'
  | 'finishUpload'
  | 'dropUpload'
  | 'attachment'
  | 'noteMissing'
  | 'ticket';
type DeviceMethod =
  'publish' | 'stock' | 'mailbox' | 'ack' | 'post' | 'revokeTokens' | 'setAside' | 'discard' | 'ticket';

export interface StreamingObject {
  fetch(request: Request): Promise<Response>;
}

type RemoteChain = Remote<Pick<ChainObject, ChainMethod>> & StreamingObject;
type RemoteDevice = Remote<Pick<DeviceObject, DeviceMethod>> & StreamingObject;

/** The object that keeps a chain, by its base64url id. Asking for one creates none until it is called. */
export function chainObject(env: RelayEnvironment, chain: string): RemoteChain {
  return env.CHAIN.getByName(chain);
}

/** The object that holds a share of a chain's readers; 0 is the chain itself. */
export function streamObject(env: RelayEnvironment, chain: string, share: number): StreamingObject {
  return share === 0 ? chainObject(env, chain) : env.FANOUT.getByName(shareName(chain, share));
}

/** The object that keeps a device's KeyPackages and mailbox, by its base64url actor. */
export function deviceObject(env: RelayEnvironment, device: string): RemoteDevice {
  return env.DEVICE.getByName(device);
}

type RemoteAdmission = Remote<Pick<AdmissionObject, 'countFounding' | 'isAdmitted' | 'admit' | 'redeem'>>;

/** What the admission of founders remembers of one actor, address or invitation. */
export function admissionObject(env: RelayEnvironment, name: string): RemoteAdmission {
  return env.ADMISSIONS.getByName(name);
}
