import { err } from '../result.ts';
export function refuse(code) {
    return err({ code });
}
