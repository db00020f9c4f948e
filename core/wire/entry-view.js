import { toBase64Url } from '../bytes/index.ts';
import { decode } from '../codec/index.ts';
import { entryCodec, eventTbs } from '../event/index.ts';
import { leafHash } from '../merkle/index.ts';
import { viewBody } from '../state/index.ts';
/** An entry for people to read: the body by its type, the leaf hash beside it. Bytes that are no entry show as they are. */
export function viewEntry(bytes) {
    const entry = decode(entryCodec, bytes);
    const event = entry.ok ? decode(eventTbs, entry.value.event) : entry;
    if (!entry.ok || !event.ok)
        return { malformed: toBase64Url(bytes) };
    const view = entryCodec.view(entry.value);
    const inner = eventTbs.view(event.value);
    return { ...view, leafHash: toBase64Url(leafHash(bytes)), event: { ...inner, ...viewBody(event.value) } };
}
