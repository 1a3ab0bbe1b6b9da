import { expect, test } from 'bun:test';
import type { Grant } from '../../edge/protocol/grant.ts';
import { foldTask } from '../../mobile/state/fold.ts';
import { chips, NO_EDITS, withGrant, withoutGrant } from '../../mobile/state/grants.ts';
import type { ThreadView } from '../../mobile/state/view.ts';

const WORDS = 'Summarise the PDFs in ~/Inbox into ~/Reports/summary.docx';
const inbox: Grant = { do: 'read', path: '~/Inbox' };
const report: Grant = { do: 'write', path: '~/Reports/summary.docx', replace: false };
const ofWords = (edits = NO_EDITS, text = WORDS): readonly Grant[] => chips({ text, thread: undefined, edits });

const ID = 'AAAAAAAAAAAAAAAAAAAAAA';
const thread = (grants: Grant[]): ThreadView => {
  const record = { id: ID, desktop: 'D'.repeat(43), thread: ID, text: 'x', grants, files: [], at: 1, answers: {} };
  const task = foldTask({ ...record, sent: { at: 'relay' } }, [], undefined);
  return { id: ID, desktop: record.desktop, title: 'x', tasks: [task], lastAt: 1 };
};

test('the words name what may be touched', () => {
  expect(ofWords()).toEqual([inbox, report]);
});

test('a chip that was taken away stays away while more is typed', () => {
  const edits = withoutGrant(NO_EDITS, inbox);
  expect(ofWords(edits)).toEqual([report]);
  expect(ofWords(edits, `${WORDS}, shortly`)).toEqual([report]);
});

test('a chip that was changed replaces the guess it came from', () => {
  const wider: Grant = { do: 'read', path: '~/Inbox/2026' };
  const edits = withGrant(NO_EDITS, inbox, wider);
  expect(ofWords(edits)).toEqual([report, wider]);
  const replaces: Grant = { ...report, replace: true };
  expect(ofWords(withGrant(NO_EDITS, report, replaces))).toEqual([inbox, replaces]);
});

test('a chip taken away and added again is there', () => {
  const edits = withGrant(withoutGrant(NO_EDITS, inbox), undefined, inbox);
  expect(ofWords(edits)).toEqual([inbox, report]);
});

test('a follow-up may read what was read and replace what was written', () => {
  const grants = chips({ text: 'now make it shorter', thread: thread([inbox, report]), edits: NO_EDITS });
  expect(grants).toEqual([inbox, { ...report, replace: true }]);
});

test('naming an earlier result only to read it does not take its writing away', () => {
  const text = 'translate ~/Reports/summary.docx';
  const grants = chips({ text, thread: thread([report]), edits: NO_EDITS });
  expect(grants).toEqual([{ ...report, replace: true }]);
});

test('a script of an earlier task is not run again by a follow-up', () => {
  expect(chips({ text: 'thanks', thread: thread([{ do: 'script', name: 'backup' }]), edits: NO_EDITS })).toEqual([]);
});
