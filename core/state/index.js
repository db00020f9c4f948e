export { admittedAt, encodeState, parseState, readableUntil, stateDigest, viewState, } from './chain-state.ts';
export { chainGenesis, MAX_RETENTION_MS, MIN_RETENTION_MS } from './genesis.ts';
export { PAST_EPOCHS } from './group/group-state.ts';
export { memberAdded, memberRemoved, roleChanged } from './group/membership.ts';
export { groupMessage } from './group/message.ts';
export { CIPHERSUITE_X25519_AES128_ED25519, mlsCommit, mlsCreated, } from './group/mls.ts';
export { findMember, roleOf } from './group/roster.ts';
export { eventDefinitions, foundChain, parseGenesis, transition, viewBody, } from './transition.ts';
