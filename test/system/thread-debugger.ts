/** Reaches into one thread of a running sidecar as a debugger would: no line of ours is there for it. */
import type { Sidecar } from '../../rig/sidecar.ts';
import { until } from '../../rig/until.ts';

/** For `Stage.start`: the sidecar says where a debugger may attach. */
export const DEBUGGABLE = { NODE_OPTIONS: '--inspect=127.0.0.1:0' };

type Message = { method?: string; params?: { sessionId: string; workerInfo: { url: string } } };

/** Evaluates JavaScript in the thread that runs `entry` (`decide-thread.ts`); resolves when it has been handed over. */
export async function evaluateIn(sidecar: Sidecar, entry: string, expression: string): Promise<void> {
  const url = /ws:\/\/\S+/.exec(sidecar.log())?.[0];
  if (url === undefined) throw new Error('the sidecar listens to no debugger');
  const socket = new WebSocket(url);
  const say = (id: number, method: string, params: object) => socket.send(JSON.stringify({ id, method, params }));
  const threads = new Map<string, string>();
  socket.addEventListener('message', ({ data }) => {
    const { method, params } = JSON.parse(data) as Message;
    if (method === 'NodeWorker.attachedToWorker' && params) threads.set(params.workerInfo.url, params.sessionId);
  });
  socket.addEventListener('open', () => say(1, 'NodeWorker.enable', { waitForDebuggerOnStart: false }));
  try {
    const sessionId = await until(() => [...threads].find(([file]) => file.endsWith(entry))?.[1], { what: entry });
    const message = JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } });
    say(2, 'NodeWorker.sendMessageToWorker', { sessionId, message });
    const handedOver = () => socket.bufferedAmount === 0;
    await until(handedOver, { what: 'the debugger is heard' });
  } finally {
    socket.close();
  }
}
