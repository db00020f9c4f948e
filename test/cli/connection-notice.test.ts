import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchConnection } from '../../cli/connection-notice.ts';
import { NetworkError, RelayProblem, type ConnectionListener } from '../../sdk/index.ts';

const outOfReach = (found: string) => new RelayProblem('payload-unavailable', { needed: '4', found });
const away = new NetworkError('unreachable', 'no answer');

let tell: ConnectionListener;
let told: string[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  told = [];
  watchConnection({ onConnection: (listener) => ((tell = listener), () => undefined) }, (...words) =>
    told.push(words.join(': ')),
  );
});

afterEach(() => vi.useRealTimers());

test('[CL49] what is out of reach is told once, however often it is asked for, and then that reading goes on', () => {
  for (const found of ['2', '3', '2']) {
    tell(false, outOfReach(found));
    vi.advanceTimersByTime(2_000);
  }
  expect(told).toEqual([
    'waiting: what was said next is out of reach: it takes 4 storage nodes, and 2 answer; trying again',
  ]);
  tell(true, undefined);
  expect(told.slice(1)).toEqual(['open: connected again']);
});

test('[CL49] a relay that is away is another matter, and one that is back at once is not worth a word', () => {
  tell(true, undefined);
  tell(false, away);
  vi.advanceTimersByTime(500);
  tell(true, undefined);
  vi.advanceTimersByTime(2_000);
  expect(told).toEqual([]);
  tell(false, away);
  vi.advanceTimersByTime(2_000);
  tell(false, outOfReach('0'));
  vi.advanceTimersByTime(2_000);
  expect(told.map((words) => words.split(':')[0])).toEqual(['offline', 'waiting']);
});
