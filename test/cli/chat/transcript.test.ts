import { expect, test } from 'vitest';
import { createStyle } from '../../../cli/chat/style.ts';
import { Transcript } from '../../../cli/chat/transcript.ts';
import { ActorNames } from '../../../cli/names.ts';
import { memoryStorage, type TimelineItem } from '../../../sdk/index.ts';

const NOON = new Date(2026, 0, 1, 12).getTime();

async function transcriptFor(self: string): Promise<(item: object) => string> {
  const names = await ActorNames.load(memoryStorage(), { json: false, profile: 'nobody', home: '/nonexistent' });
  const transcript = new Transcript({ names, self, style: createStyle(false), columns: () => 80 });
  return (item) => {
    const event = { index: 1, eventId: '', sentAt: NOON, relayTime: NOON, isMine: false };
    return transcript.rowsOf({ ...event, ...item } as TimelineItem).at(-1) ?? '';
  };
}

test('[GM11] who asked to leave has left, and was not put out', async () => {
  const row = await transcriptFor('carolcarol');
  expect(row({ kind: 'leave-requested', actor: 'bobbybobby' })).toBe('  12:00  — bobbybob is leaving');
  const change = { kind: 'members-changed', actor: 'alicealice', added: [], removed: ['bobbybobby'], epoch: 2 };
  expect(row(change)).toBe('  12:00  — bobbybob left');
  // After another invitation it is something else.
  expect(row(change)).toBe('  12:00  — bobbybob was removed by aliceali');
});

test('[GM11] one’s own leaving reads as that', async () => {
  const row = await transcriptFor('bobbybobby');
  expect(row({ kind: 'leave-requested', actor: 'bobbybobby', isMine: true })).toBe('  12:00  — you are leaving');
  const change = { kind: 'members-changed', actor: 'alicealice', added: [], removed: ['bobbybobby'], epoch: 2 };
  expect(row(change)).toBe('  12:00  — you left');
});

test('[CL48] what became of a policy is said in words', async () => {
  const row = await transcriptFor('carolcarol');
  const ledger = { name: 'ledger', version: 2, module: 'abc', actor: 'bobbybobby' };
  expect(row({ kind: 'policy-bound', ...ledger, guards: [] })).toBe(
    '  12:00  — bobbybob put the policy ledger 2 in force',
  );
  expect(row({ kind: 'policy-bound', ...ledger, guards: ['group.message'] })).toContain('; it guards group.message');
  expect(row({ kind: 'policy-recorded', actor: 'carolcarol', content: new Uint8Array(49) })).toBe(
    '  12:00  — the policy took a record of 49 bytes by you',
  );
  expect(row({ kind: 'policy-revoked', ...ledger })).toBe(
    '  12:00  — the policy ledger 2 was revoked, and takes nothing more',
  );
  expect(row({ kind: 'policy-unbound', actor: 'bobbybobby' })).toBe('  12:00  — bobbybob took the policy out of force');
});
