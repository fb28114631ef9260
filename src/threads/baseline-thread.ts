import { createBaselineRoom } from '../baseline/baseline-room.ts';
import type { BaselineStart } from './messages.ts';
import { runRoom } from './run-room.ts';

await runRoom(({ rollout, snapshot }: BaselineStart) => createBaselineRoom(rollout, snapshot));
