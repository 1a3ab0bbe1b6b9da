import { find } from './find.ts';
import { list } from './list.ts';
import { readCsv } from './read-csv.ts';
import { readDocx } from './read-docx.ts';
import { readPdf } from './read-pdf.ts';
import { readText } from './read-text.ts';
import { runScript } from './run-script.ts';
import type { Tool } from './tool.ts';
import { writeCsv } from './write-csv.ts';
import { writeDocx } from './write-docx.ts';
import { writeText } from './write-text.ts';

/** All a model can do on this desktop. */
export const tools: readonly Tool[] = [
  find,
  list,
  readText,
  readPdf,
  readDocx,
  readCsv,
  writeText,
  writeDocx,
  writeCsv,
  runScript,
];
