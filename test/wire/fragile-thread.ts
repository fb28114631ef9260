/** A room that dies when it is given revision 13. It reports the revisions it was given and what its database says. */
import type { Database } from '../../src/geography/look-up.ts';
import { runRoom } from '../../src/threads/run-room.ts';

await runRoom(({ snapshot }) => {
  let revisions = [snapshot.revision];
  let database: Database | undefined;
  return {
    use({ revision }) {
      if (revision === 13) process.exit(1);
      revisions.push(revision);
    },
    useDatabase(given) {
      database = given;
    },
    async serve(address) {
      if (address === 'refused') throw new Error('this socket is refused');
    },
    report() {
      const report = { revisions, database: database === undefined ? [] : [...new Uint8Array(database)] };
      revisions = [];
      return report;
    },
    stop: async () => {},
  };
});
