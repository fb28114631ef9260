import { createOutcomeRoom } from '../outcomes/outcome-room.ts';
import type { OutcomeStart } from './messages.ts';
import { runRoom } from './run-room.ts';

await runRoom(({ outcomes, snapshot }: OutcomeStart) => createOutcomeRoom(outcomes, snapshot, { wallMs: Date.now }));
