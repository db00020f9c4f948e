export {
  FIRST_RETRY_MS,
  ALARM_LIMIT_MS,
  JobScheduler,
  LONGEST_RETRY_MS,
  STEP_LIMIT_MS,
  type JobFailure,
  type JobSchedulerOptions,
  type JobStep,
} from './scheduler.ts';
