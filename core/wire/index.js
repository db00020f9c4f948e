export { appendAnswer, appendRequest, commitBundle, entryPage, loggedEntry, stateAnswer, submission, } from './append.ts';
export { claimedKeyPackage, keyPackageClaim, keyPackagePublication, keyPackageStock, mailboxAck, mailboxPage, } from './device.ts';
export { viewEntry } from './entry-view.ts';
export * from './limits.ts';
export { isProblemCode, MEDIA_TYPE, problemOf, problems, } from './problem.ts';
export { chainDownFrame, chainUpFrame, mailboxDownFrame, mailboxUpFrame, ticketAnswer, } from './stream.ts';
export { contentDigest, REQUEST_NONCE_BYTES, REQUEST_SIGNATURE_LABEL, SIGNED_COMPONENTS } from './signed-request.ts';
