/** A recorded row as columns, flat and in snake_case: the schema of docs/recording.md. */
import type { Column, ColumnType, Table } from './columns.ts';
import type { RecordedRequest, RecordedRow, RecordedSide } from './row.ts';

type Of<Row> = Column<Row>['of'];

function required<Row>(name: string, type: ColumnType, of: Of<Row>): Column<Row> {
  return { name, type, required: true, bloomFilter: false, of };
}

function optional<Row>(name: string, type: ColumnType, of: Of<Row>): Column<Row> {
  return { name, type, required: false, bloomFilter: false, of };
}

function side(prefix: 'reference' | 'candidate'): Column<RecordedRow>[] {
  const column = (name: string, type: ColumnType, of: Of<RecordedSide>) =>
    optional<RecordedRow>(`${prefix}_${name}`, type, ({ [prefix]: side }) => side && of(side));
  return [
    column('version', 'STRING', ({ version }) => version),
    column('cluster', 'STRING', ({ cluster }) => cluster),
    column('status', 'INT32', ({ status }) => status),
    column('grpc_status', 'INT32', ({ grpcStatus }) => grpcStatus),
    column('error', 'STRING', ({ error }) => error),
    column('latency_ms', 'DOUBLE', ({ latencyMs }) => latencyMs),
    column('feature_fetch_ms', 'DOUBLE', ({ featureFetchMs }) => featureFetchMs),
    column('body', 'STRING', ({ body }) => body),
  ];
}

function request(name: string, type: ColumnType, of: Of<RecordedRequest>): Column<RecordedRow> {
  return optional(`request_${name}`, type, ({ request }) => request && of(request));
}

export const ROW_COLUMNS: readonly Column<RecordedRow>[] = [
  { ...required<RecordedRow>('id', 'STRING', ({ id }) => id), bloomFilter: true },
  required('time', 'TIMESTAMP', ({ timeMs }) => timeMs),
  required('rollout', 'STRING', ({ rollout }) => rollout),
  required('release', 'STRING', ({ release }) => release),
  required('revision', 'INT32', ({ revision }) => revision),
  required('weight_bp', 'INT32', ({ weightBp }) => weightBp),
  required('arm', 'STRING', ({ arm }) => arm),
  required('reason', 'STRING', ({ reason }) => reason),
  required('segments', 'STRING', ({ segments }) => JSON.stringify(segments)),
  required('unit', 'STRING', ({ unit }) => unit),
  required('shadow', 'STRING', ({ shadow }) => shadow),
  required('referenced', 'BOOLEAN', ({ referenced }) => referenced),
  required('answered_by', 'STRING', ({ answeredBy }) => answeredBy),
  ...side('reference'),
  ...side('candidate'),
  optional('same_status', 'BOOLEAN', ({ sameStatus }) => sameStatus),
  optional('body', 'STRING', ({ body }) => body),
  optional('agree', 'BOOLEAN', ({ agree }) => agree),
  optional('latency_difference_ms', 'DOUBLE', ({ latencyDifferenceMs }) => latencyDifferenceMs),
  optional('user_latency_ms', 'DOUBLE', ({ userLatencyMs }) => userLatencyMs),
  required('fields', 'STRING', ({ fields }) => fields),
  optional('trace_id', 'STRING', ({ traceId }) => traceId),
  required('kept', 'BOOLEAN', ({ kept }) => kept),
  request('method', 'STRING', ({ method }) => method),
  request('path', 'STRING', ({ path }) => path),
  request('content_type', 'STRING', ({ contentType }) => contentType),
  request('body', 'STRING', ({ body }) => body),
  request('redacted', 'BOOLEAN', ({ redacted }) => redacted),
];

/** Row `index` of a table with these columns; a column that is not there counts as null. */
export function rowAt({ columns }: Table, index: number): RecordedRow {
  return toRow((name) => columns.get(name)?.[index]);
}

export function toRow(get: (column: string) => unknown): RecordedRow {
  // what we wrote has these types: the file says so in its schema
  const value = <T>(name: string) => (get(name) ?? undefined) as T;
  const side = (prefix: string): RecordedSide => ({
    version: value(`${prefix}_version`),
    cluster: value(`${prefix}_cluster`),
    status: value(`${prefix}_status`),
    grpcStatus: value(`${prefix}_grpc_status`),
    error: value(`${prefix}_error`),
    latencyMs: value(`${prefix}_latency_ms`),
    featureFetchMs: value(`${prefix}_feature_fetch_ms`),
    body: value(`${prefix}_body`),
  });
  return {
    id: value('id'),
    timeMs: Number(value('time')),
    rollout: value('rollout'),
    release: value('release'),
    revision: value('revision'),
    weightBp: value('weight_bp'),
    arm: value('arm'),
    reason: value('reason'),
    segments: JSON.parse(value('segments')),
    unit: value('unit'),
    shadow: value('shadow'),
    referenced: value('referenced'),
    answeredBy: value('answered_by'),
    reference: side('reference'),
    candidate: value('candidate_version') === undefined ? undefined : side('candidate'),
    sameStatus: value('same_status'),
    body: value('body'),
    agree: value('agree'),
    latencyDifferenceMs: value('latency_difference_ms'),
    userLatencyMs: value('user_latency_ms'),
    fields: value('fields'),
    traceId: value('trace_id'),
    kept: value('kept'),
    request:
      value('request_method') === undefined
        ? undefined
        : {
            method: value('request_method'),
            path: value('request_path'),
            contentType: value('request_content_type'),
            body: value('request_body'),
            redacted: value('request_redacted'),
          },
  };
}
