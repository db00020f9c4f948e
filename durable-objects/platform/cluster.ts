import { randomFillSync } from 'node:crypto';
import { publicKeyOf } from '../../core/index.ts';
import { nodeKeySeed, type ClusterNodes } from '../../relay/index.ts';
import { openNodes, type OpenedNodes } from '../../storage/index.ts';
import { ed25519Signer } from './ed25519.ts';
import { openWorkerdKernel } from './erasure-kernel.ts';
import { checkpointSeedOf, type RelayEnvironment } from './environment.ts';
import { reportIncident } from './incident.ts';

/** One for each isolate and configuration: nodes, kernel and measured times are shared by all that it serves. */
let opened: { readonly text: string; readonly nodes: OpenedNodes | undefined } | undefined;

/** The nodes of this deployment; undefined where it has no cluster, or one that can't be used, which its log says once. */
export function openedNodes(env: RelayEnvironment): OpenedNodes | undefined {
  const text = env.CLUSTER ?? '';
  if (opened?.text !== text) opened = { text, nodes: text === '' ? undefined : open(text, env) };
  return opened.nodes;
}

/** The cluster for one call; undefined where there is none. */
export function clusterOf(env: RelayEnvironment): ClusterNodes | undefined {
  return openedNodes(env)?.clusterWith();
}

function open(text: string, env: RelayEnvironment): OpenedNodes | undefined {
  const checkpointSeed = checkpointSeedOf(env);
  if (checkpointSeed === undefined) return undefined;
  const seed = nodeKeySeed(checkpointSeed);
  const nodes = openNodes(text, {
    environment: { ...env },
    clock: () => Date.now(),
    signer: { actor: publicKeyOf(seed), sign: ed25519Signer(seed) },
    randomBytes: (length) => randomFillSync(new Uint8Array(length)),
    openKernel: openWorkerdKernel,
  });
  if (nodes.ok) return nodes.value;
  const { rule, title, nodes: named } = nodes.error;
  reportIncident('invalid-cluster', new Error(`${rule}: ${title} ${named.join(', ')}`.trim()));
  return undefined;
}
