export { LATE, within } from './deadline.ts';
export { FIRST_RETRY_MS, LONGEST_RETRY_MS, LONGEST_WAIT_MS } from './due-time.ts';
export { retryWait } from './retry-wait.ts';
export { JobScheduler, type JobFailure, type JobSchedulerOptions, type JobStep } from './scheduler.ts';
