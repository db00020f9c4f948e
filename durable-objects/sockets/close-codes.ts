/** RFC 6455 §7.4.1. */
export const CLOSE_NORMAL = 1000;

/**
 * Private-use close codes of RFC 6455 §7.4.2: the socket's own fault, the end of an actor's permission, a reader that is too
 * slow for what is new, and a history that an eviction cut off.
 */
export const CLOSE_REFUSED = 4400;
export const CLOSE_REMOVED = 4403;
export const CLOSE_SLOW = 4408;
export const CLOSE_INTERRUPTED = 4503;
