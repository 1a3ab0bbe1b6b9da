import { expect, test } from 'bun:test';
import { grantsInWords } from '../../edge/protocol/words.ts';

const read = (path: string): unknown => ({ do: 'read', path });
const write = (path: string): unknown => ({ do: 'write', path, replace: false });

test.each([
  ['Summarise the PDFs in ~/Inbox into ~/Reports/summary.docx', [read('~/Inbox'), write('~/Reports/summary.docx')]],
  ['Compare ~/a.csv and ~/b.csv.', [read('~/a.csv'), read('~/b.csv')]],
  [
    'Make a table from "~/My Files/x.csv", save it as \'~/My Files/y.csv\'',
    [read('~/My Files/x.csv'), write('~/My Files/y.csv')],
  ],
  [
    'Read C:\\Users\\me\\in.txt and write to C:\\Users\\me\\out.md',
    [read('C:\\Users\\me\\in.txt'), write('C:\\Users\\me\\out.md')],
  ],
  ['look into ~/Downloads', [read('~/Downloads')]],
  ['what is 1/2 of it? and/or so', []],
  ['tidy ~ and /', []],
])('%s', (text, grants) => {
  expect(grantsInWords(text)).toEqual(grants as never);
});
