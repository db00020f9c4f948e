import { fromBase64, meterModule } from '../../core/index.ts';
import { IsolateExecutor } from '../../durable-objects/policy/policy-isolate.ts';
import { verified } from '../core/policy/verified.ts';
import { jsonOf, type IsolateQuestion } from './round-text.ts';

const bytes = (text: string): Uint8Array => fromBase64(text) ?? new Uint8Array();

async function answer(loader: WorkerLoader, question: IsolateQuestion): Promise<unknown> {
  const executor = new IsolateExecutor(loader, async () => {
    if (question.module === undefined) throw new Error('this policy was to be loaded already');
    return meterModule(verified(bytes(question.module)));
  });
  const answers = [];
  for (const { state, events, fuel } of question.batches) {
    const batch = { state: bytes(state), events: events.map(bytes), fuel };
    answers.push(await executor.decide(bytes(question.hash), batch));
  }
  return answers.map((outcomes) => outcomes.map(jsonOf));
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
