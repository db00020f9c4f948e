const INITIAL_BYTES = 256;
/** RFC 9420 §2.1.2: a 4-byte prefix holds 30 bits. */
const MAX_VECTOR_BYTES = 2 ** 30 - 1;
/** Writes what `Reader` reads. A value that has no encoding is the caller's mistake and throws. */
export class Writer {
    #bytes = new Uint8Array(INITIAL_BYTES);
    #length = 0;
    /** A copy of what was written, exactly as long. */
    finish() {
        return this.#bytes.slice(0, this.#length);
    }
    integer(value, byteCount) {
        if (!Number.isSafeInteger(value) || value < 0 || value >= 256 ** byteCount) {
            throw new RangeError(`${value} does not fit an unsigned integer of ${byteCount} bytes`);
        }
        const end = this.#grow(byteCount);
        let rest = value;
        for (let i = end - 1; i >= end - byteCount; i--) {
            this.#bytes[i] = rest % 256;
            rest = Math.floor(rest / 256);
        }
    }
    put(bytes) {
        const end = this.#grow(bytes.length);
        this.#bytes.set(bytes, end - bytes.length);
    }
    opaqueVector(bytes) {
        this.#vectorLength(bytes.length);
        this.put(bytes);
    }
    /** Writes the items first and moves them behind their prefix, whose width depends on their length. */
    items(writeItems) {
        const start = this.#length;
        writeItems();
        const body = this.#bytes.slice(start, this.#length);
        this.#length = start;
        this.opaqueVector(body);
    }
    #vectorLength(length) {
        if (length > MAX_VECTOR_BYTES)
            throw new RangeError(`a vector of ${length} bytes has no length prefix`);
        if (length < 0x40)
            this.integer(length, 1);
        else if (length < 0x4000)
            this.integer(0x4000 + length, 2);
        else
            this.integer(0x80000000 + length, 4);
    }
    #grow(byteCount) {
        const end = this.#length + byteCount;
        if (end > this.#bytes.length) {
            const wider = new Uint8Array(Math.max(end, this.#bytes.length * 2));
            wider.set(this.#bytes.subarray(0, this.#length));
            this.#bytes = wider;
        }
        this.#length = end;
        return end;
    }
}
