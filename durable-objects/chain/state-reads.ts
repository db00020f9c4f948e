import {
  encode,
  encodeState,
  err,
  moduleList,
  moduleRevokedAt,
  ok,
  registryAnswer,
  sha256,
  stateAnswer,
  type StateAnswer,
} from '../../core/index.ts';
import { readsHead, type Answer } from '../../relay/index.ts';
import type { Sequencer } from './sequencer.ts';
import type { ChainStore } from './store.ts';

/** What a chain has come to: its state for its readers, and what is public of a registry. */
export class StateReads {
  readonly #sequencer: Sequencer;
  readonly #modules: ChainStore['modules'];

  constructor(sequencer: Sequencer, modules: ChainStore['modules']) {
    this.#sequencer = sequencer;
    this.#modules = modules;
  }

  state(actor: Uint8Array | undefined): Answer {
    const { state, size } = this.#sequencer.head;
    if (!readsHead(state, size, actor)) return err({ code: 'not-found' });
    return ok(encode(stateAnswer, this.#stateAnswer()));
  }

  /** Registries are public: nobody is asked who they are (`AR2`). */
  registry(): Answer {
    const { state, chain } = this.#sequencer.head;
    if (state.kind !== 'registry') return err({ code: 'no-registry' });
    return ok(encode(registryAnswer, { registry: chain, state: this.#stateAnswer() }));
  }

  modules(): Answer {
    const { state } = this.#sequencer.head;
    if (state.kind !== 'registry') return err({ code: 'no-registry' });
    const modules = state.value.modules.map(({ manifest, index }) => ({
      manifest,
      index,
      revokedAt: moduleRevokedAt(state.value, manifest.hash),
    }));
    return ok(encode(moduleList, { modules }));
  }

  module(hash: Uint8Array): Answer {
    const bytes = this.#modules.read(hash);
    return bytes === undefined ? err({ code: 'not-found' }) : ok(bytes);
  }

  #stateAnswer(): StateAnswer {
    const { state, size } = this.#sequencer.head;
    const bytes = encodeState(state);
    return { index: size - 1, digest: sha256(bytes), state: bytes, checkpoint: this.#sequencer.checkpoint };
  }
}
