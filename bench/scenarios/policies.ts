import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import {
  concatBytes,
  FIRST_APPLICATION_TYPE,
  meterModule,
  policyRecorded,
  uint64,
  encode,
  verifyModuleStatically,
  type Submission,
} from '../../core/index.ts';
import { BenchGroup, newActor } from '../load/bench-group.ts';
import { answersOfFrames, appendFrames, assertReceipts, openStream } from '../load/group-stream.ts';
import { enlargeModule } from '../load/large-module.ts';
import type { LoadSocket } from '../load/load-socket.ts';
import { PolicyRelay } from '../load/policy-relay.ts';
import { rateOf } from '../load/rate.ts';
import { scaled, type Scenario } from '../scenario.ts';

const RECORDS = 8_000;
const ACCOUNTS = 20;
const FRAME_EVENTS = 64;
const FRAMES_IN_FLIGHT = 4;
const MODULE_BYTES = 102_400;
const LEDGER = new Uint8Array(readFileSync(fileURLToPath(new URL('../../policies/ledger.wasm', import.meta.url))));

/** Transfers through the sample ledger, of which each is one event of a frame, beside the same events without a policy. */
export const policyLedger: Scenario = {
  rows: [{ name: `policy-ledger-frames-${FRAME_EVENTS}`, unit: 'records/s', target: 0.5, kind: 'rate' }],
  async open(bench) {
    const folder = mkdtempSync(join(tmpdir(), 'terachat-bench-'));
    const relay = await PolicyRelay.open({ folder, modules: [LEDGER] });
    const [plain, group] = [await BenchGroup.found(relay.relay), await relay.foundGroup(LEDGER)];
    const sockets = [await openStream(plain, plain.founder, 0), await openStream(group, group.founder, 0)] as const;
    const ledger = new LedgerLoad();
    await appendRate(sockets[1], group.events(policyRecorded.type, [contentOf(Uint8Array.of(0))]));
    const count = scaled(RECORDS, bench);
    return {
      async round() {
        const transfers = ledger.transfers(count);
        const floor = await appendRate(sockets[0], plain.events(FIRST_APPLICATION_TYPE, transfers));
        const value = await appendRate(sockets[1], group.events(policyRecorded.type, transfers));
        return [{ value, floor }];
      },
      async close() {
        for (const socket of sockets) socket.close();
        await relay.stop();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};

/** What a module of 100 KiB costs when it is published, and when it is first run, beside the engine's own look at it. */
export const policyModule: Scenario = {
  rows: [
    { name: 'policy-verify-100k', unit: 'ms', target: 100, kind: 'time' },
    { name: 'policy-meter-100k', unit: 'ms', target: 100, kind: 'time' },
  ],
  open() {
    const module = enlargeModule(LEDGER, MODULE_BYTES);
    return Promise.resolve({
      round() {
        const floor = msOf(() => WebAssembly.validate(module));
        const verify = msOf(() => verifyModuleStatically(module));
        const verified = verifyModuleStatically(module);
        if (!verified.ok) throw new Error(`no policy: ${verified.error.rule}`);
        const meter = msOf(() => meterModule(verified.value));
        return Promise.resolve([
          { value: verify, floor },
          { value: meter, floor },
        ]);
      },
      close: () => undefined,
    });
  },
};

const TIMES = 10;

function msOf(task: () => unknown): number {
  const startMs = performance.now();
  for (let i = 0; i < TIMES; i++) task();
  return (performance.now() - startMs) / TIMES;
}

/** Transfers of the founder, who issues, to some accounts in turn. */
class LedgerLoad {
  readonly #accounts = Array.from({ length: ACCOUNTS }, () => newActor().actor);
  #number = 0;

  /** Bodies of records. */
  transfers(count: number): Uint8Array[] {
    return Array.from({ length: count }, () => {
      const number = ++this.#number;
      const other = this.#accounts[number % ACCOUNTS] as Uint8Array;
      return contentOf(concatBytes(Uint8Array.of(1), encode(uint64, number), other, encode(uint64, 1)));
    });
  }
}

function contentOf(content: Uint8Array): Uint8Array {
  return policyRecorded.encodeBody({ content });
}

async function appendRate(socket: LoadSocket, events: readonly Submission[]): Promise<number> {
  const answers: Uint8Array[] = [];
  const frames = appendFrames(events, FRAME_EVENTS);
  const framesPerSecond = await rateOf(frames, FRAMES_IN_FLIGHT, async (frame) => {
    answers.push(await socket.ask(frame));
  });
  assertReceipts(answersOfFrames(answers), events.length);
  return (framesPerSecond * events.length) / frames.length;
}
