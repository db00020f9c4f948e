import { foundPlacement, ok, type Placement, type Result } from '../../core/index.ts';
import {
  blobsToMove,
  drainedNodes,
  placementFor,
  replaceNode,
  type ClusterNodes,
  type ClusterState,
  type RelayRefusal,
} from '../../relay/index.ts';
import type { OpenedNodes } from '../../storage/index.ts';
import type { ClusterStore } from './store.ts';

export interface PlacementsPort {
  readonly storage: DurableObjectStorage;
  readonly store: ClusterStore;
  /** Undefined where this deployment has no cluster. */
  readonly nodes: OpenedNodes | undefined;
  /** Blobs lie by an older placement than the one in force. Called in the transaction that wrote it. */
  readonly changed: () => void;
}

/** Which node has which slot, which nodes had one, and whether blobs have yet to follow. */
export class Placements {
  readonly #port: PlacementsPort;

  constructor(port: PlacementsPort) {
    this.#port = port;
  }

  /** Of the placement in force; 0 before there is one. */
  get number(): number {
    return this.#inForce?.number ?? 0;
  }

  get state(): ClusterState | undefined {
    const { store, nodes } = this.#port;
    const placement = this.#inForce;
    if (placement === undefined || nodes === undefined) return undefined;
    const retired = new Map(store.retired().map(({ node, state }) => [node, state]));
    return { placement, configuration: nodes.configuration, retired };
  }

  get cluster(): ClusterNodes | undefined {
    const placements = this.#port.store.placements();
    return placements.length === 0 ? undefined : this.#port.nodes?.clusterWith(placements);
  }

  /** Takes the first placement, or the one that a changed configuration asks for (`CR4`). */
  adopt(): void {
    const { nodes, store, storage, changed } = this.#port;
    if (nodes === undefined) return;
    const { state } = this;
    const next = state === undefined ? foundPlacement(nodes.configuration.founding) : placementFor(state);
    if (next === undefined || next.number === state?.placement.number) return;
    storage.transactionSync(() => {
      store.addPlacement(next);
      for (const name of state?.placement.slots ?? []) if (!next.slots.includes(name)) store.retire(name, next.number);
      if (state !== undefined) changed();
    });
  }

  /** Has a spare take the node's place (`CR5`). */
  replace(state: ClusterState, node: string, replacement?: string): Result<ClusterState, RelayRefusal> {
    const { store, storage, changed } = this.#port;
    const next = replaceNode(state, node, replacement);
    if (!next.ok) return next;
    storage.transactionSync(() => {
      store.addPlacement(next.value);
      store.retire(node, next.value.number);
      changed();
    });
    const retired = new Map(state.retired).set(node, 'draining');
    return ok({ ...state, placement: next.value, retired });
  }

  /** Whether blobs are left that lie by an older placement: what could not be moved in this round, or came while it went on. */
  get isMoving(): boolean {
    return blobsToMove(this.#port.store.sums, this.number) > 0;
  }

  /** Notes the nodes that are drained. Whether all are that gave up their slots (`CR5`). */
  settleDrains(): boolean {
    const { store } = this.#port;
    const draining = store.retired().filter(({ state }) => state === 'draining');
    if (draining.length === 0) return true;
    const drained = drainedNodes(
      draining.map(({ node }) => node),
      store.placements(),
      store.sums,
    );
    for (const node of drained) store.drained(node);
    return drained.length === draining.length;
  }

  get #inForce(): Placement | undefined {
    return this.#port.store.placements().at(-1);
  }
}
