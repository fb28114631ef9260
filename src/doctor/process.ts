/** Are both processes what they should be, and can they reach each other? */
import type { Version } from '../gen/understudy/admin/v1/admin.ts';
import { type Check, ofSidecar } from './check.ts';
import type { SocketFacts } from './facts.ts';
import type { View } from './view.ts';

const OLDEST_MINOR = 36;
const NEWEST_MINOR = 40;
const TOLERATED_CLOCK_MS = 1_000;
/** As the sidecar makes them. */
const MODES = { decide: 0o660, observe: 0o660, admin: 0o600 } as const;

export const processChecks: readonly Check[] = [
  {
    id: 'envoy-version',
    severity: 'warning',
    about: `Envoy is not of a version from 1.${OLDEST_MINOR} to 1.${NEWEST_MINOR}.`,
    why: 'Nothing here was tried on it. Older ones lack parts; newer ones may behave differently.',
    mend: `Use Envoy 1.${OLDEST_MINOR} to 1.${NEWEST_MINOR}.`,
    find({ version }) {
      const [major, minor] = version.split('.').map(Number);
      const isTried = major === 1 && minor !== undefined && minor >= OLDEST_MINOR && minor <= NEWEST_MINOR;
      return isTried ? [] : [{ what: `it is ${version}` }];
    },
  },
  {
    id: 'envoy-not-live',
    severity: 'warning',
    about: 'Envoy is not serving.',
    why: 'It is starting, draining or waiting for its configuration: what is found here may be about to change.',
    mend: 'Ask again when it is LIVE.',
    find: ({ state }) => (state === 'LIVE' ? [] : [{ what: `its state is ${state}` }]),
  },
  {
    id: 'clock-differs',
    severity: 'warning',
    about: "Envoy's clock and this machine's differ.",
    why: 'Times of pairs, spans and events then do not line up.',
    mend: 'Let both machines keep time by NTP.',
    find: ({ clockAheadMs: ms }) =>
      Math.abs(ms) > TOLERATED_CLOCK_MS
        ? [{ what: `Envoy's is at least ${Math.abs(ms) / 1_000} s ${ms > 0 ? 'ahead' : 'behind'}` }]
        : [],
  },
  {
    id: 'sidecar-silent',
    severity: 'error',
    about: 'Understudy does not answer at its admin socket.',
    why: 'If it does not run, all users get stable and nothing is rehearsed.',
    mend: 'Start it (`understudy serve`), or say where it is with --admin; the socket is for its own user only.',
    find: ({ refusal }) => (refusal === undefined ? [] : [{ what: refusal }]),
  },
  perThread({
    id: 'thread-not-serving',
    severity: 'error',
    about: 'A thread of Understudy does not serve.',
    why: 'A decide thread: its share of users gets stable. Observe: there are no pairs.',
    mend: 'It is started again by itself; the log says why it stopped.',
    find: ({ state }) => state !== 'serving' && `it is ${state}`,
  }),
  perThread({
    id: 'thread-restarted',
    severity: 'warning',
    about: 'A thread of Understudy had to be started again.',
    why: 'What it held was lost: decisions in flight, or exchanges that waited for their other side.',
    mend: "Report what Understudy's log says.",
    find: ({ restarts }) => restarts > 0 && `${restarts} times`,
  }),
  perThread({
    id: 'thread-behind',
    severity: 'error',
    about: 'A thread of Understudy works from an old snapshot.',
    why: 'Users it decides do not follow the weight that `status` shows.',
    mend: 'If it stays so, restart Understudy, and report what its log says.',
    find: ({ revision }, newest) => revision < newest && `it has revision ${revision}, the newest is ${newest}`,
  }),
  ofSidecar({
    id: 'config-not-in-use',
    severity: 'warning',
    about: 'Understudy works from another configuration than the file.',
    why: 'The file was changed and not loaded, was refused, or is another file: what it says is not what happens.',
    mend: 'Load the file, or give the right one with --config.',
    find: ({ rollouts }, { config }) =>
      (config?.rollouts ?? []).flatMap((spec) => {
        const where = `rollout ${spec.name}`;
        const live = rollouts.find(({ name }) => name === spec.name);
        if (live === undefined) return [{ what: 'Understudy does not have it', where }];
        const differing = [
          ['routes', spec.routes, live.routes],
          ['stable', versionText(spec.stable), versionText(live.stable)],
          ['canary', versionText(spec.canary), versionText(live.canary)],
          ['shadows', spec.shadows.map(versionText), live.shadows.map(versionText)],
        ].filter(([, inFile, inUse]) => String(inFile) !== String(inUse));
        return differing.map(([what, inFile, inUse]) => ({ what: `${what}: file ${inFile}, in use ${inUse}`, where }));
      }),
  }),
  perSocket({
    id: 'socket-missing',
    severity: 'error',
    about: 'A socket is not there.',
    why: 'Nobody can reach Understudy through it.',
    mend: 'Start Understudy, and look whether it has this configuration.',
    find: ({ kind }) => kind === 'missing' && 'there is nothing',
  }),
  perSocket({
    id: 'socket-not-a-socket',
    severity: 'error',
    about: 'Something else stands where a socket should be.',
    why: 'Understudy cannot start: it removes nothing that it did not make.',
    mend: 'Move it away, or name another path under `sockets`.',
    find: ({ kind }) => kind === 'other' && 'it is no socket',
  }),
  perSocket({
    id: 'socket-mode',
    severity: 'error',
    about: 'More people may use a socket than should.',
    why: 'Whoever writes to decide or observe moves traffic; whoever writes to admin does anything.',
    mend: 'Restart Understudy, which sets 0660 (decide, observe) and 0600 (admin), and find out who changed it.',
    find: ({ kind, use, mode }) =>
      kind === 'socket' &&
      (mode & ~MODES[use]) !== 0 &&
      `its mode is ${octal(mode)}, at most ${octal(MODES[use])} is right`,
  }),
  perSocket({
    id: 'socket-refuses',
    severity: 'error',
    about: 'Nobody listens at a socket.',
    why: 'Understudy ended without removing it, or is stuck: Envoy goes on without decisions or logs.',
    mend: 'Start Understudy.',
    find: ({ kind, refusal }) =>
      kind === 'socket' && !isForbidden(refusal) && refusal !== undefined && `connecting gives ${refusal}`,
  }),
  perSocket({
    id: 'socket-forbidden',
    severity: 'warning',
    about: 'This user may not look at a socket.',
    why: 'Then nothing is known about it. Envoy needs the group of decide and observe.',
    mend: "Run the doctor as Envoy's user, and give that user the group.",
    find: ({ kind, refusal }) => (kind === 'hidden' || isForbidden(refusal)) && 'permission denied',
  }),
];

interface ThreadFacts {
  readonly state: string;
  readonly revision: number;
  readonly restarts: number;
}

function perThread(
  check: Omit<Check, 'find'> & { find(thread: ThreadFacts, newestRevision: number): string | false },
): Check {
  return ofSidecar({
    ...check,
    find: ({ sidecar }) =>
      (sidecar?.threads ?? []).flatMap((thread) => {
        const what = check.find(thread, sidecar?.revision ?? 0);
        return what ? [{ what, where: `thread ${thread.name}` }] : [];
      }),
  });
}

function perSocket(check: Omit<Check, 'find' | 'needs'> & { find(socket: SocketFacts): string | false }): Check {
  return {
    ...check,
    needs: 'config',
    find: ({ sockets }: View) =>
      sockets.flatMap((socket) => {
        const what = check.find(socket);
        return what ? [{ what, where: `${socket.use} socket ${socket.path}` }] : [];
      }),
  };
}

function versionText(version: Version | undefined): string {
  return `${version?.cluster} ${version?.version}`;
}

function isForbidden(refusal: string | undefined): boolean {
  return refusal === 'EACCES' || refusal === 'EPERM';
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
