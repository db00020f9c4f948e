/** How `npm run deploy` ends. */
export const EXIT = { done: 0, failed: 1, usage: 2, declined: 3 } as const;
