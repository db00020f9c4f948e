import type { Group } from '../sdk/index.ts';

/** How long the relay may be away before somebody is told: a connection that is back at once is not worth a word. */
const OFFLINE_AFTER_MS = 1_000;

/** Tells when the relay has been away for a while, and when it is back. Returns the way to end that. */
export function watchConnection(group: Group, tell: (isOpen: boolean) => void): () => void {
  let isOffline = false;
  let timer: NodeJS.Timeout | undefined;
  const stop = group.onConnection((isOpen) => {
    clearTimeout(timer);
    if (isOffline !== isOpen) return;
    const announce = (): void => {
      isOffline = !isOpen;
      tell(isOpen);
    };
    if (isOpen) announce();
    else timer = setTimeout(announce, OFFLINE_AFTER_MS);
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}

export function describeConnection(isOpen: boolean): string {
  return isOpen ? 'connected again' : 'the relay can’t be reached; trying again';
}
