import { randomBytes } from 'node:crypto';
import { createDecideRoom } from '../extproc/decide-room.ts';
import { runRoom } from './run-room.ts';

await runRoom((snapshot) => createDecideRoom(snapshot, randomBytes(8)));
