import { openWorkerdKernel } from '../../durable-objects/platform/erasure-kernel.ts';
import { openLoop, type ErasureCase } from './codec-loop.ts';

interface LoopRequest {
  readonly erasureCase: ErasureCase;
  readonly count: number;
}

let opened: { name: string; run: () => void } | undefined;

/** Runs a case as often as it is told. The caller has the clock, since the one in here stands still. */
export default {
  async fetch(request): Promise<Response> {
    const { erasureCase, count } = await request.json<LoopRequest>();
    const name = JSON.stringify(erasureCase);
    // Cases are switched between rounds; opening one is none of what is measured.
    if (opened?.name !== name) opened = { name, run: openLoop(openWorkerdKernel(), erasureCase) };
    for (let i = 0; i < count; i++) opened.run();
    return new Response(null);
  },
} satisfies ExportedHandler;
