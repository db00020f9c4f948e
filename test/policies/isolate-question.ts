/** What a test asks of the worker: bytes are in base64. */
export interface IsolateQuestion {
  readonly hash: string;
  /** The metered module; without it the isolate has to be there already. */
  readonly metered?: string;
  readonly batches: readonly { readonly state: string; readonly events: readonly string[]; readonly fuel: number }[];
}
