import { expect, test } from 'bun:test';
import { blocksOf, runsOf } from '../../mobile/ui/rich-text.ts';

test('headings, points, paragraphs and code are told apart', () => {
  const text = 'Done.\nIn two files.\n\n## offer.pdf\n\n- One point\n  goes on\n2. Two\n```\n- code\n```\nEnd';
  expect(blocksOf(text)).toEqual([
    { is: 'text', text: 'Done.\nIn two files.' },
    { is: 'heading', text: 'offer.pdf' },
    { is: 'item', mark: '•', text: 'One point\n  goes on' },
    { is: 'item', mark: '2.', text: 'Two' },
    { is: 'code', text: '- code' },
    { is: 'text', text: 'End' },
  ]);
});

test('what is no such thing stays as it was written', () => {
  const text = '<b>no</b> [link](javascript:x) #tag -1 **';
  expect(blocksOf(text)).toEqual([{ is: 'text', text }]);
  expect(runsOf(text)).toEqual([{ style: 'plain', text }]);
});

test('strong words and code inside a line', () => {
  expect(runsOf('It costs **48,200** as in `a.pdf`')).toEqual([
    { style: 'plain', text: 'It costs ' },
    { style: 'strong', text: '48,200' },
    { style: 'plain', text: ' as in ' },
    { style: 'code', text: 'a.pdf' },
  ]);
});
