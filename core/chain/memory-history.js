import { HASH_BYTES } from '../event/index.ts';
const INITIAL_LEAVES = 256;
/** A whole chain's leaf hashes, times and event ids in memory: about 150 bytes an entry. */
export class MemoryHistory {
    #size = 0;
    #hashes = new Uint8Array(INITIAL_LEAVES * HASH_BYTES);
    #times = new Float64Array(INITIAL_LEAVES);
    #eventKeys = new Set();
    at(index) {
        if (index < 0 || index >= this.#size)
            return undefined;
        const start = index * HASH_BYTES;
        return { hash: this.#hashes.subarray(start, start + HASH_BYTES), relayTime: this.#times[index] };
    }
    push({ hash, relayTime }) {
        if (this.#size === this.#times.length)
            this.#grow();
        this.#hashes.set(hash, this.#size * HASH_BYTES);
        this.#times[this.#size] = relayTime;
        this.#size += 1;
    }
    claimEventId(actor, eventId) {
        // One character a byte: engines store such a string in as many bytes, which hex or base64 would exceed.
        const key = String.fromCharCode(...actor, ...eventId);
        if (this.#eventKeys.has(key))
            return false;
        this.#eventKeys.add(key);
        return true;
    }
    #grow() {
        const hashes = new Uint8Array(this.#hashes.length * 2);
        hashes.set(this.#hashes);
        const times = new Float64Array(this.#times.length * 2);
        times.set(this.#times);
        this.#hashes = hashes;
        this.#times = times;
    }
}
