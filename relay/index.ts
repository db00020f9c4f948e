export type { Answer, Caller, RelayRefusal } from './answer.ts';
