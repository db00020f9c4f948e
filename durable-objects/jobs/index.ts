export { LATE, within } from './deadline.ts';
export { retryWait } from './retry-wait.ts';
export {
  FIRST_RETRY_MS,
  JobScheduler,
  LONGEST_RETRY_MS,
  type JobFailure,
  type JobSchedulerOptions,
  type JobStep,
} from './scheduler.ts';
