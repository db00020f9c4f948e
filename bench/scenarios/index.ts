import type { Scenario } from '../scenario.ts';
import { appendHttp } from './append-http.ts';
import { appendFramed, appendSocket } from './append-socket.ts';
import { blobTransfer } from './blob-transfer.ts';
import { catchUp } from './catch-up.ts';
import { fanout } from './fanout.ts';
import { longChain } from './long-chain.ts';
import { mlsCommits, mlsLargeGroup } from './mls-commit.ts';
import { policyLedger, policyModule } from './policies.ts';
import { foregroundDuringRepair } from './repair.ts';
import { verify } from './verify.ts';

/** Everything that can be measured, in the order of the report. */
export const scenarios: readonly Scenario[] = [
  appendHttp,
  appendSocket,
  appendFramed,
  fanout,
  catchUp,
  verify,
  mlsCommits,
  policyLedger,
  policyModule,
  longChain,
  mlsLargeGroup,
  blobTransfer,
  foregroundDuringRepair,
];
