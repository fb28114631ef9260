/** The form of what is kept of answers, and what is made unreadable before: `recording` and `redact`. */
import { z } from 'zod';
import { compileMatch } from '../routing/match.ts';
import { editorForm, list, map, read, readPart } from './forms.ts';
import { absolutePath, bytes, duration, headerName, percent, pointer } from './values.ts';

const maxBytes = 1024 ** 5;
const size = bytes(maxBytes, '1024TiB', undefined, '2GiB');

const pattern = read(
  (value, refuse): string | undefined => {
    if (typeof value !== 'string' || value === '') return refuse('a regular expression of RE2');
    try {
      return compileMatch({ regex: value })('') ? refuse('a pattern that needs at least one character') : value;
    } catch (error) {
      return refuse('a regular expression of RE2', { reason: (error as Error).message });
    }
  },
  { type: 'string', minLength: 1 },
);

/** Of all bodies, or of what is in them. */
const path = read((value, refuse) => (value === '' ? '' : readPart(pointer, value, refuse)), {
  anyOf: [{ const: '' }, editorForm(pointer)],
});

export const redact = map({
  paths: list(path, 'JSON Pointers')
    .prefault([])
    .describe('JSON Pointers into bodies; * is any step, an empty one is the whole body.'),
  headers: list(headerName, 'header names').prefault([]).describe('Logged headers.'),
  patterns: list(pattern, 'regular expressions of RE2')
    .prefault([])
    .describe('RE2; what matches anywhere in a text becomes ***.'),
});

export const recording = map({
  directory: absolutePath.describe('Absolute path of a folder of its own. Needs a restart.'),
  sample: percent.prefault('100%').describe('Share of requests of which rows are recorded; sums are always.'),
  maxBytesPerDay: size.prefault('2GiB').describe('Rows beyond it are dropped and counted.'),
  maxAge: duration('1h', '3650d', '14d').prefault('14d').describe('Older files are deleted.'),
  maxBytes: size.prefault('20GiB').describe('Of all files together; the oldest are deleted.'),
  requests: z
    .boolean({ error: 'true or false' })
    .prefault(false)
    .describe('Record requests too, so that they can be sent again; needs capture.request.'),
});
