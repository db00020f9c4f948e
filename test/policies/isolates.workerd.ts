import { fromBase64, toBase64, type PolicyOutcome } from '../../core/index.ts';
import { decideInIsolate } from '../../durable-objects/policy/policy-isolate.ts';
import type { IsolateQuestion } from './isolate-question.ts';

const bytes = (text: string): Uint8Array => fromBase64(text) ?? new Uint8Array();

async function answer(loader: WorkerLoader, question: IsolateQuestion): Promise<unknown> {
  const policy = {
    hash: bytes(question.hash),
    meter: async (): Promise<Uint8Array> => {
      if (question.metered === undefined) throw new Error('this policy was to be loaded already');
      return bytes(question.metered);
    },
  };
  const answers = [];
  for (const { state, events, fuel } of question.batches) {
    answers.push(await decideInIsolate(loader, policy, { state: bytes(state), events: events.map(bytes), fuel }));
  }
  return answers.map((outcomes) => outcomes.map(asJson));
}

function asJson(outcome: PolicyOutcome): unknown {
  return outcome.kind === 'accepted' ? { ...outcome, state: toBase64(outcome.state) } : outcome;
}

/** Lets policies decide as a relay would, in isolates of the loader. */
export default {
  async fetch(request: Request, { LOADER }: { readonly LOADER: WorkerLoader }): Promise<Response> {
    const questions = await request.json<readonly IsolateQuestion[]>();
    const answers = [];
    for (const question of questions) answers.push(await answer(LOADER, question));
    return Response.json(answers);
  },
};
