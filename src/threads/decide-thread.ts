import { randomBytes } from 'node:crypto';
import { createDecideRoom } from '../extproc/decide-room.ts';
import type { DecideStart } from './messages.ts';
import { runRoom } from './run-room.ts';

await runRoom((start: DecideStart) => createDecideRoom({ ...start, randomBytes: randomBytes(8) }));
