import { expect, test } from 'vitest';
import { MessageTimes } from '../../cli/message-times.ts';
import { groupMessage, memberAdded } from '../../core/index.ts';
import { actorNamed, LogBuilder } from '../../scripts/vectors/log-builder.ts';
import { groupGenesis, messageBody } from '../../scripts/vectors/sample-bodies.ts';

test('[AU6] an audit counts the messages of a log, and those whose bytes no relay gives any more', () => {
  const alice = actorNamed('alice');
  const log = new LogBuilder(alice, groupGenesis(), { isSigned: true });
  const start = log.time;
  log.append(alice, memberAdded, { actor: actorNamed('bob').key, role: 'member' });
  for (const time of [start + 1_000, start + 2_000, start + 3_000]) {
    log.time = time;
    log.append(alice, groupMessage, messageBody);
  }
  const times = new MessageTimes();
  times.take(log.entries.slice(0, 3));
  times.take(log.entries.slice(3));
  expect(times.count).toBe(3);
  const retentionMs = 60_000;
  const expired = [0, 60_999, 61_000, 62_000, 90_000].map((ms) => times.expiredBy(start + ms, retentionMs));
  expect(expired).toEqual([0, 0, 1, 2, 3]);
});
