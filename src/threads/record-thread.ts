import { mergeCells } from '../evidence/merge.ts';
import { cellFromJson, cellToJson } from '../evidence/serialize.ts';
import { createRecordRoom } from '../recording/record-room.ts';
import type { RecordStart } from './messages.ts';
import { runRoom } from './run-room.ts';

await runRoom(({ recording }: RecordStart) => createRecordRoom(recording, { mergeCells, cellToJson, cellFromJson }));
