/** Longest key name or origin that is read or written. The format sets no bound; ours are under 100. */
export const MAX_NAME_LENGTH = 1024;
/** Key names separate by spaces and plus signs, so neither may be in one (`TR3`); nor may a control character. */
export function isKeyName(text) {
    return text.length > 0 && text.length <= MAX_NAME_LENGTH && !/[\p{White_Space}+]/u.test(text) && isPlainText(text);
}
/** Well-formed Unicode without ASCII control characters (`TR1`): no hidden line, no terminal escape, no lone surrogate. */
export function isPlainText(text) {
    // eslint-disable-next-line no-control-regex -- control characters are what this looks for
    return !/[\u0000-\u001f\p{Surrogate}]/u.test(text);
}
