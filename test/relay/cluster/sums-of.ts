import { NO_SUMS, sumsWith, type BlobReport, type ClusterSums } from '../../../relay/index.ts';

/** Of chains that reported once each. */
export function sumsOf(reports: readonly BlobReport[]): ClusterSums {
  return reports.reduce((sums, report) => sumsWith(sums, report), NO_SUMS);
}
