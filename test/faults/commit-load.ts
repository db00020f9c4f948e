import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Group } from '../../sdk/index.ts';
import { soleInvitation, type Stage } from '../stories/stage.ts';

/** Between commits: far more than any group makes, and few enough that no word is outrun by four epochs. */
const PAUSE_MS = 250;

/** How the other member's messages went. */
export interface SendingReport {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
}

/** What came of changing a group's keys while messages arrived. Times in ms. */
export interface CommitsUnderLoad {
  /** How long each commit took, in order. */
  readonly latencies: readonly number[];
  readonly sending: SendingReport;
  /** Messages a second by the relay's own clock, from the first commit to the last. */
  readonly rate: number;
  /** Numbers of the messages as the committer reads them. */
  readonly read: readonly number[];
  /** Messages that the log holds between each commit and the next. */
  readonly between: readonly number[];
}

/**
 * Founds an encrypted group whose second member sends from a process of its own at a pace, and commits all the while. Rejects when any commit or message fails.
 */
export async function commitUnderLoad(
  stage: Stage,
  { rate, seconds }: { rate: number; seconds: number },
): Promise<CommitsUnderLoad> {
  const alice = await stage.person();
  const carol = await stage.person();
  const bob = await stage.connect(stage.storage('bob'));
  await bob.createIdentity();
  const group = await alice.createGroup();
  await group.invite(bob.identity!.actor);
  await (await soleInvitation(bob)).accept();

  const sender = startSender([stage.relay.url, join(stage.folder, 'bob'), group.id, String(rate), String(seconds)]);
  try {
    await firstMessage(group);
    const latencies = await commitUntil(sender.isDone, group, carol.identity!.actor);
    const sending = await sender.report;
    await group.catchUp();
    return { latencies, sending, ...(await readBack(group)) };
  } finally {
    sender.stop();
  }
}

/** Somebody comes and goes, and then keys rotate. */
async function commitUntil(isDone: () => boolean, group: Group, guest: string): Promise<number[]> {
  const latencies: number[] = [];
  const changes = [() => group.invite(guest), () => group.rotate(), () => group.remove(guest)].values();
  while (!isDone()) {
    const change = changes.next().value ?? (() => group.rotate());
    const begun = performance.now();
    await change();
    latencies.push(Math.round(performance.now() - begun));
    await sleep(PAUSE_MS);
  }
  return latencies;
}

interface Sender {
  readonly isDone: () => boolean;
  readonly report: Promise<SendingReport>;
  readonly stop: () => void;
}

function startSender(args: readonly string[]): Sender {
  const script = join(import.meta.dirname, 'paced-sender-process.ts');
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let isDone = false;
  child.stdout.once('data', () => (isDone = true));
  child.once('exit', () => (isDone = true));
  const report = Promise.all([text(child.stdout), once(child, 'close')]).then(([output, [code]]) => {
    if (code !== 0) throw new Error(`the sender ended with ${code}`);
    return JSON.parse(output) as SendingReport;
  });
  // Whoever waits for it gets the error.
  report.catch(() => undefined);
  return { isDone: () => isDone, report, stop: () => child.kill('SIGKILL') };
}

async function firstMessage(group: Group): Promise<void> {
  for await (const _ of group.messages({ live: true })) return;
}

async function readBack(group: Group): Promise<Pick<CommitsUnderLoad, 'rate' | 'read' | 'between'>> {
  const read: number[] = [];
  const times: number[] = [];
  const between: number[] = [];
  for await (const item of group.timeline()) {
    if (item.kind === 'members-changed') between.push(0);
    if (item.kind !== 'message') continue;
    read.push(Number(item.text?.replace('message ', '')));
    times.push(item.relayTime);
    between[between.length - 1]! += 1;
  }
  const elapsedS = (times.at(-1)! - times[0]!) / 1_000;
  return { rate: (times.length - 1) / elapsedS, read, between };
}
