/** A room that dies when it is given revision 13 and tells, through its reports, what it has seen. */
import { runRoom } from '../../src/threads/run-room.ts';

await runRoom((first) => {
  let seen = [first.revision];
  return {
    use({ revision }) {
      if (revision === 13) process.exit(1);
      seen.push(revision);
    },
    async serve(socketPath) {
      if (socketPath === 'refused') throw new Error('this socket is refused');
    },
    report() {
      const report = seen;
      seen = [];
      return report;
    },
    stop: async () => {},
  };
});
