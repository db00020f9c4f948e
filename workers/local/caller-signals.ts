/** Signals at which Miniflare ends the process on the spot, and the message at which it does. */
const EVENTS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'message'];

/**
 * Runs `make` and takes back the handlers that it adds: they would end the process before its caller has stopped
 * anything. The handler of `exit` stays, and with it the promise that no workerd outlives an orderly end.
 */
export function leavingSignalsToCaller<T>(make: () => T): T {
  const before = EVENTS.map((event) => process.listeners(event as NodeJS.Signals));
  const made = make();
  EVENTS.forEach((event, index) => {
    for (const listener of process.listeners(event as NodeJS.Signals)) {
      if (!before[index]?.includes(listener)) process.removeListener(event, listener);
    }
  });
  return made;
}
