import { err, ok } from '../result.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { openNote } from './open-note.ts';
export function openCheckpoint(note, trust) {
    const keys = [trust.logKey, ...(trust.cosigners ?? [])];
    // The overloads of `openNote` take either port, but not their union.
    const opened = openNote(note, keys, trust.verify);
    return 'then' in opened ? opened.then((settled) => readCheckpoint(settled, trust)) : readCheckpoint(opened, trust);
}
function readCheckpoint(opened, { origin, logKey }) {
    if (!opened.ok)
        return opened;
    const { text, signatures } = opened.value;
    if (!signatures.some((signature) => signature.key === logKey))
        return err({ code: 'note-unsigned' });
    const checkpoint = parseCheckpoint(text);
    if (!checkpoint.ok)
        return checkpoint;
    if (checkpoint.value.origin !== origin)
        return err({ code: 'checkpoint-wrong-origin', origin: checkpoint.value.origin });
    return ok({ checkpoint: checkpoint.value, text, signatures });
}
