/** What each bad file of test/fixtures/config is answered with, after its name and a colon. */
export const badFiles: Readonly<Record<string, readonly string[]>> = {
  'access-admin-address-twice': ['2:18: admin.listen: expected a socket or address used once, found "127.0.0.1:9464"'],
  'access-admin-auth': ['1:40: admin.auth: expected tokens or none, found "password"'],
  'access-admin-in-the-clear': [
    '1:18: admin.listen: expected a loopback address, or admin.tls, found "0.0.0.0:9465": other machines reach it, and tokens would cross the network in the clear',
  ],
  'access-admin-on-a-socket': [
    '1:18: admin.listen: expected an address with a port, for example 127.0.0.1:9464, found "/run/understudy/admin.sock"',
  ],
  'access-admin-open-in-the-clear': [
    '1:18: admin.listen: expected a loopback address, or admin.tls, found "[::]:9465": other machines reach it, and tokens would cross the network in the clear',
    '1:37: admin.auth: expected tokens, or a loopback address in admin.listen, found "none": other machines reach it, and whoever does could move traffic',
  ],
  'access-admin-open': [
    '1:38: admin.auth: expected tokens, or a loopback address in admin.listen, found "none": other machines reach it, and whoever does could move traffic',
  ],
  'access-admin-without-listen': [
    '1:8: admin.listen: expected an address with a port, for example 127.0.0.1:9464, found nothing',
  ],
  'access-clients-of-nobody': [
    '1:140: admin.clients: expected auth: tokens beside it, found a map: with auth: none everybody is admin',
  ],
  'access-clients-role': ['1:134: admin.clients.ci: expected viewer, operator, approver or admin, found "root"'],
  'access-clients-without-ca': [
    '1:103: admin.clients: expected admin.tls.clientCa for it, found a map: without it no certificate is asked for',
  ],
  'access-observe-not-loopback': [
    '1:21: sockets.observe: expected a socket path, a loopback address, or observe.tls.clientCa, found "0.0.0.0:9003": whoever writes log entries moves traffic, so they must show a certificate',
  ],
  'access-observe-port-zero': ['1:21: sockets.observe: expected a port from 1 to 65535, found "127.0.0.1:0"'],
  'access-observe-tls-on-a-path': [
    '1:10: observe: expected sockets.observe to be an address with a port for it, found a map',
  ],
  'access-observe-without-ca': [
    '1:21: sockets.observe: expected a socket path, a loopback address, or observe.tls.clientCa, found "understudy.internal:9003": whoever writes log entries moves traffic, so they must show a certificate',
  ],
  'access-observe-without-tls': ['2:10: observe.tls: expected a map of certificate, key, clientCa, found nothing'],
  'access-tls-relative': ['1:54: admin.tls.certificate: expected an absolute path, found "cert.pem"'],
  'access-tls-without-key': ['1:39: admin.tls.key: expected an absolute path, found nothing'],
  'alias-without-anchor': [
    '1:12: expected YAML, found Unresolved alias (the anchor must be set before the alias): ranker',
  ],
  'allow-bodies': ['1:14: allowBodies: expected true or false, found "some"'],
  'baseline-constant-no-json': ['5:51: rollouts[0].baseline.constant: expected a value that JSON can say, found .nan'],
  'baseline-list-missing': [
    '5:47: rollouts[0].baseline.topK: expected a file with a JSON list, at most 1MiB, found "/nowhere/list.json": there is no such file',
  ],
  'baseline-list-relative': ['5:47: rollouts[0].baseline.topK: expected an absolute path, found "list.json"'],
  'baseline-not-loopback': [
    '5:25: rollouts[0].baseline.listen: expected a loopback address with a port, for example 127.0.0.1:9301, found "0.0.0.0:9301": other machines have no business there',
  ],
  'baseline-nothing': [
    '5:15: rollouts[0].baseline: expected listen with either constant or topK, or outcome: true alone, found a map',
  ],
  'baseline-on-a-socket': [
    '6:25: rollouts[0].baseline.listen: expected a socket or address used once, found "127.0.0.1:9301"',
  ],
  'baseline-outcome-and-constant': [
    '5:15: rollouts[0].baseline: expected listen with either constant or topK, or outcome: true alone, found a map',
  ],
  'baseline-outcome-false': ['5:26: rollouts[0].baseline.outcome: expected true, found false'],
  'baseline-port-zero': ['5:25: rollouts[0].baseline.listen: expected a port from 1 to 65535, found "127.0.0.1:0"'],
  'baseline-two-answers': [
    '5:15: rollouts[0].baseline: expected listen with either constant or topK, or outcome: true alone, found a map',
    '5:60: rollouts[0].baseline.topK: expected a file with a JSON list, at most 1MiB, found "/l.json": there is no such file',
  ],
  'baseline-without-answer': [
    '5:15: rollouts[0].baseline: expected listen with either constant or topK, or outcome: true alone, found a map',
  ],
  'capture-too-big': [
    '5:26: rollouts[0].capture.response: expected a size from 0 to 1MiB, for example 64KiB, found "2MiB"',
  ],
  'capture-unit': [
    '5:26: rollouts[0].capture.response: expected a size from 0 to 1MiB, for example 64KiB, found "64KB"',
  ],
  'class-amount': [
    '6:74: rollouts[0].prediction.fields.score.compare.class.amount: expected { at: PATH }, { request: PATH }, { header: NAME } or { trailer: NAME }, found "/amount"',
  ],
  'class-threshold': [
    '6:77: rollouts[0].prediction.fields.score.compare.class.threshold: expected a number, found "half"',
  ],
  'cluster-is-a-number': ['3:24: rollouts[0].stable.cluster: expected a non-empty text, found 7'],
  'compare-is-a-text': [
    '6:55: rollouts[0].prediction.fields.score.compare: expected exactly one of number, class, vector, ranking, set, text, json, found "number"',
  ],
  'compare-nothing': [
    '6:55: rollouts[0].prediction.fields.score.compare: expected exactly one of number, class, vector, ranking, set, text, json, found a map',
  ],
  'compare-two': [
    '6:55: rollouts[0].prediction.fields.score.compare: expected exactly one of number, class, vector, ranking, set, text, json, found a map',
  ],
  'compare-unknown': ['6:57: rollouts[0].prediction.fields.score.compare.numbers: unknown key, did you mean "number"?'],
  'decide-empty': ['1:20: sockets.decide: expected a socket or a list of them, found a list of 0'],
  'duplicate-key': ['5:5: expected YAML, found Map keys must be unique'],
  'field-header-name': ['6:46: rollouts[0].prediction.fields.score.header: expected a header name, found "x score"'],
  'field-jsonpath': [
    '6:42: rollouts[0].prediction.fields.score.at: expected a JSON Pointer (/a/0/b) or a JSONPath ($.a[0].b), found "$.a[": at character 5: Expected "\'", "*", "-", "0", ":", "?", "\\"", [1-9], or [\\t-\\n\\r ] but end of input found.',
  ],
  'field-not-captured': [
    '5:42: rollouts[0].prediction.fields.score.at: expected capture.response above 0 for it, found "/a"',
    '5:103: rollouts[0].prediction.timings.featureFetch.at: expected capture.response above 0 for it, found "/t"',
  ],
  'field-path': [
    '6:42: rollouts[0].prediction.fields.score.at: expected a JSON Pointer (/a/0/b) or a JSONPath ($.a[0].b), found "score": neither "/" nor "$" is its first character',
  ],
  'field-request-not-captured': [
    '6:44: rollouts[0].prediction.fields.id.request: expected capture.request above 0 for it, found "/id"',
    '6:105: rollouts[0].prediction.fields.ok.compare.class.amount.request: expected capture.request above 0 for it, found "/amount"',
  ],
  'field-status': ['6:46: rollouts[0].prediction.fields.score.status: expected true, found 200'],
  'field-unknown-key': ['6:46: rollouts[0].prediction.fields.score.compares: unknown key, did you mean "compare"?'],
  'field-with-two-sources': [
    '6:36: rollouts[0].prediction.fields.score: expected exactly one of at, request, header, trailer, status, found a map',
  ],
  'field-without-source': [
    '6:36: rollouts[0].prediction.fields.score: expected exactly one of at, request, header, trailer, status, found a map',
  ],
  'file-empty': [
    '1:1: expected a map of trustedHeaders, sockets, store, metrics, admin, observe, geoip, redact, recording, outcomes, notifications, allowBodies, rollouts, found nothing',
  ],
  'five-shadows': ['6:7: rollouts[0].shadows: expected at most 4 shadows, found a list of 5'],
  'form-and-contradictions': [
    '2:20: sockets.decide: expected an absolute socket path, or a loopback address with a port, found "0.0.0.0:9000": a plain socket that other machines reach would let them move traffic',
    '2:63: sockets.admin: expected a socket or address used once, found "/run/a.sock"',
    '5:24: rollouts[0].stable.cluster: expected a non-empty text, found 7',
    '8:29: rollouts[0].shadows[0].cluster: expected a cluster of its own that answers no user, found "ranker-v2": the canary cluster of rollout "ranker": copies would use up the connections and the circuit breaker of users\' requests',
    '8:66: rollouts[0].shadows[0].sample: expected a percentage from 0% to 100% with at most 2 decimals, found "200%"',
    '9:22: rollouts[0].unit[0].header: expected a header of trustedHeaders, found "x-session": a client could choose its own answer with a header the edge does not set or clean',
    '9:37: rollouts[0].unit[1].query: unknown key, expected one of header, cookie, client',
    '10:35: rollouts[0].segments.country.geoip: expected geoip.database to be set for it, found "country"',
    '10:62: rollouts[0].segments.tier.header: expected a non-empty text, found 7',
    '12:42: rollouts[0].rules[0].when.segment.city: expected a segment that the rollout defines, found "city"',
    '13:29: rollouts[0].rules[1].when.header.x-a: expected a header of trustedHeaders, found "x-a": a client could choose its own answer with a header the edge does not set or clean',
    '13:46: rollouts[0].rules[1].arm: expected stable or canary, found "both"',
  ],
  'geoip-relative': ['1:20: geoip.database: expected an absolute path, found "geo.mmdb"'],
  'geoip-without-database': ['1:8: geoip.database: expected an absolute path, found nothing'],
  'guard-action': ['6:74: rollouts[0].guards[0].action: expected block, pause, rollback or alert, found "stop"'],
  'guard-alphas': [
    '6:7: rollouts[0].guards: expected guards whose alphas sum to at most 0.1, found a list of 4: g0 0.03 + g1 0.03 + g2 0.03 + g3 0.03 = 0.12: so often may a healthy release be stopped',
  ],
  'guard-bare-percent-drop': [
    '6:64: rollouts[0].guards[0].maxDrop: expected a margin and what it is of: 10% relative, or 0.1 points (percentage points), found "2%": of what, a bare % does not say',
  ],
  'guard-bare-percent-versus': [
    '6:66: rollouts[0].guards[0].max: expected a margin and what it is of: 10% relative, or 0.1 points (percentage points), found "0.1%": of what, a bare % does not say',
  ],
  'guard-clear-beyond-limit': ['6:73: rollouts[0].guards[0].clear: expected at most max, found "60ms"'],
  'guard-each-rolls-back': [
    '8:87: rollouts[0].guards[0].action: expected pause or alert with a scope of each tier, found "rollback": of many segments one always looks bad',
  ],
  'guard-field-of-another-kind': [
    '8:51: rollouts[0].guards[0].field: expected a field compared as number, found "label": it is compared as class',
  ],
  'guard-field-unknown': [
    '8:59: rollouts[0].guards[0].field: expected a field of prediction, found "lable": it has score, label',
  ],
  'guard-for': ['6:71: rollouts[0].guards[0].for: expected a time from 0s to 7d, for example 15m, found "15min"'],
  'guard-key-of-another-metric': [
    '6:45: rollouts[0].guards[0].quantile: expected a key of metric error-rate (clear, warmUp, window, minN, scope, evidence, alpha, max, versus), found "quantile"',
  ],
  'guard-latency-as-share': ['6:60: rollouts[0].guards[0].max: expected a time, for example 50ms, found "10%"'],
  'guard-limit-both': [
    '6:9: rollouts[0].guards[0]: expected exactly one of max, min with metric prometheus, found a map',
  ],
  'guard-limit-missing': ['6:9: rollouts[0].guards[0]: expected max with metric latency, found a map'],
  'guard-measure-of-another-kind': [
    '8:68: rollouts[0].guards[0].measure: expected difference or ratio, which number measures, found "tau"',
  ],
  'guard-metric': [
    '6:30: rollouts[0].guards[0].metric: expected latency, feature-fetch, error-rate, pair.agreement, pair.difference, pair.shift, pair.overlap, pair.missing, pair.drift, outcome, srm, exposure, prometheus or no-data, found "latencies"',
  ],
  'guard-min-n': ['6:66: rollouts[0].guards[0].min_n: unknown key, did you mean "minN"?'],
  'guard-more-than-all': [
    '6:50: rollouts[0].guards[0].max: expected a share of requests, for example 0.1%, found "200%": more than all',
  ],
  'guard-name-twice': ['7:17: rollouts[0].guards[1].name: expected a guard name used once in the rollout, found "p95"'],
  'guard-net-without-twin': [
    '7:78: rollouts[0].guards[0].net: expected a shadow of the stable version for it, found true: none runs 1.8.0',
  ],
  'guard-points-of-a-mean': [
    '6:84: rollouts[0].guards[0].maxDrop: expected a share of what stable has, for example 2% relative, found "2 points": of: per-unit is no share',
  ],
  'guard-prometheus-url': [
    '6:47: rollouts[0].guards[0].url: expected an http or https address without a user in it, found "prometheus:9090"',
  ],
  'guard-promote': ['6:75: rollouts[0].guards[0].promote: expected shown or unless-harm, found "always"'],
  'guard-promote-alert': [
    '6:81: rollouts[0].guards[0].promote: expected no promote with action alert, found "promote": it holds nothing up',
  ],
  'guard-quantile-missing': ['6:9: rollouts[0].guards[0]: expected quantile with metric latency, found a map'],
  'guard-relative-ratio': [
    '7:85: rollouts[0].guards[0].max: expected a number, found "2% relative": ratio is no difference',
  ],
  'guard-scope-two-segments': [
    '8:63: rollouts[0].guards[0].scope: expected one segment, found a map: each segment is counted on its own',
  ],
  'guard-segment-undefined': [
    '6:65: rollouts[0].guards[0].scope.tier: expected a segment that the rollout defines, found "tier"',
  ],
  'guard-threshold': [
    '6:60: rollouts[0].guards[0].max: expected a threshold, for example 50ms, 0.1%, 10% relative, 0.1 points or 0.2, found "50 msec"',
  ],
  'guard-timing-missing': [
    '6:32: rollouts[0].guards[0].metric: expected prediction.timings.featureFetch to be set for it, found "feature-fetch"',
  ],
  'guard-versus-missing': ['6:56: rollouts[0].guards[0].max: expected versus: stable with max, found "max"'],
  'guards-is-a-map': ['5:13: rollouts[0].guards: expected a list of guards, found a map'],
  'header-name': ['1:18: trustedHeaders[0]: expected a header name, found "x user"'],
  'json-ignore': [
    '6:74: rollouts[0].prediction.fields.score.compare.json.ignore[0]: expected a JSON Pointer with at least one step, for example /user/email, found "id"',
  ],
  'json-tolerance-without-place': [
    '6:78: rollouts[0].prediction.fields.score.compare.json.tolerances[0].at: expected a JSON Pointer with at least one step, for example /user/email, found nothing',
  ],
  'later-key': ['5:5: rollouts[0].retention: not supported yet'],
  'later-section': ['1:1: retention: not supported yet'],
  'many-mistakes': [
    '1:8: store: expected an absolute path, found "here.db"',
    '2:19: sockets.admin: expected an absolute path, found 1',
    '5:24: rollouts[0].stable.cluster: expected a non-empty text, found 7',
    '7:5: rollouts[0].retention: not supported yet',
  ],
  'match-empty-list': ['6:34: rollouts[0].rules[0].when.cookie.sid: expected at least one value, found a list of 0'],
  'match-empty-text': [
    '8:39: rollouts[0].rules[0].when.segment.country: expected a value, a list of values, or one of exact, prefix, regex, range, found ""',
  ],
  'match-list-of-maps': [
    '7:40: rollouts[0].rules[0].when.header.x-a[1]: expected a non-empty text, a number or a boolean, found a map',
  ],
  'match-nothing': [
    '6:27: rollouts[0].rules[0].when.method: expected a value, a list of values, or one of exact, prefix, regex, range, found nothing',
  ],
  'match-range-of-one': [
    '6:43: rollouts[0].rules[0].when.query.page.range: expected [min, max], two numbers, found [1]',
  ],
  'match-range-of-texts': [
    '6:43: rollouts[0].rules[0].when.query.page.range: expected [min, max], two numbers, found ["1", "9"]',
  ],
  'match-range-reversed': [
    '6:43: rollouts[0].rules[0].when.query.page.range: expected [min, max] with min not above max, found [9, 1]',
  ],
  'match-regex': [
    '6:34: rollouts[0].rules[0].when.path.regex: expected a regular expression of RE2, found "/v2/(": error parsing regexp: missing closing ): `/v2/(`',
  ],
  'match-regex-backreference': [
    '6:43: rollouts[0].rules[0].when.cookie.sid.regex: expected a regular expression of RE2, found "(a)\\\\1": error parsing regexp: invalid escape sequence: `\\1`',
  ],
  'match-two-conditions': [
    '6:25: rollouts[0].rules[0].when.path: expected exactly one of exact, prefix, regex, range, found a map',
  ],
  'match-unknown-condition': ['6:27: rollouts[0].rules[0].when.path.prefx: unknown key, did you mean "prefix"?'],
  'metrics-on-a-socket': ['2:20: metrics.listen: expected a socket or address used once, found "127.0.0.1:9000"'],
  'metrics-port-too-high': [
    '1:20: metrics.listen: expected an address with a port, for example 127.0.0.1:9464, found "127.0.0.1:70000"',
  ],
  'metrics-without-listen': [
    '1:10: metrics.listen: expected an address with a port, for example 127.0.0.1:9464, found nothing',
  ],
  'metrics-without-port': [
    '1:20: metrics.listen: expected an address with a port, for example 127.0.0.1:9464, found "127.0.0.1"',
  ],
  'mirror-back-answers-users': [
    '5:28: rollouts[0].mirrorBack.cluster: expected a cluster of its own that answers no user, found "ranker-v1": the stable cluster of rollout "ranker": copies would use up the connections and the circuit breaker of users\' requests',
  ],
  'mirror-back-beside-four': [
    '10:5: rollouts[0].mirrorBack: expected at most 3 shadows beside it, found "mirrorBack": mirrorBack is one more, and there are 4 slots in all',
  ],
  'mirror-back-name': [
    '5:23: rollouts[0].shadows[0].name: expected another name, found "mirror-back": it is that of mirrorBack',
  ],
  'mirror-back-without-cluster': ['5:17: rollouts[0].mirrorBack.cluster: expected a non-empty text, found nothing'],
  'name-ends-in-blank': [
    '2:11: rollouts[0].name: expected printable ASCII without blanks at its ends, at most 128 characters, found "ranker "',
  ],
  'name-is-empty': ['2:11: rollouts[0].name: expected a non-empty text, found ""'],
  'name-with-newline': [
    '2:11: rollouts[0].name: expected printable ASCII without blanks at its ends, at most 128 characters, found "ran\\nker"',
  ],
  'no-contradiction-with-what-is-wrong': [
    '1:17: trustedHeaders: expected a list of header names, found "x-a"',
    '2:21: sockets.observe: expected an absolute socket path, or an address with a port, found "run.sock"',
    '3:20: geoip.database: expected an absolute path, found "geo.mmdb"',
    '9:52: rollouts[0].segments.tier: expected { header: NAME } or { geoip: FIELD }, found 7',
  ],
  'not-yaml': [
    '2:1: expected YAML, found Flow sequence in block collection must be sufficiently indented and end with a ]',
  ],
  'notification-event': ['6:56: notifications[0].events[0]: expected phase, guard, weight or all, found "promoted"'],
  'notification-events-empty': [
    '6:55: notifications[0].events: expected at least one of phase, guard, weight, all, found a list of 0',
  ],
  'notification-is-a-map': ['6:3: notifications: expected a list of webhooks, found a map'],
  'notification-name-twice': ['7:13: notifications[1].name: expected a webhook name used once, found "chat"'],
  'notification-rollouts': ['6:57: notifications[0].rollouts: expected a list of rollout names, found "ranker"'],
  'notification-secret-env': [
    '6:61: notifications[0].secretEnv: expected the name of an environment variable, found something else (not shown)',
  ],
  'notification-secret-in-place-of-name': [
    '6:61: notifications[0].secretEnv: expected the name of an environment variable, found something else (not shown)',
  ],
  'notification-secret-relative': ['6:62: notifications[0].secretFile: expected an absolute path, found "hook.secret"'],
  'notification-two-secrets': ['6:5: notifications[0]: expected either secretFile or secretEnv, found a map'],
  'notification-unsigned': [
    '6:5: notifications[0]: expected secretFile or secretEnv, found a map: without a signature nobody can tell our messages from forged ones',
  ],
  'notification-url': [
    '6:24: notifications[0].url: expected an https address without a user in it; http on loopback only, found something else (not shown)',
  ],
  'notification-url-plain': [
    '6:24: notifications[0].url: expected an https address without a user in it; http on loopback only, found something else (not shown)',
  ],
  'notification-url-user': [
    '6:24: notifications[0].url: expected an https address without a user in it; http on loopback only, found something else (not shown)',
  ],
  'number-abs': ['6:72: rollouts[0].prediction.fields.score.compare.number.abs: expected a number from 0, found -1'],
  'number-rel': [
    '6:72: rollouts[0].prediction.fields.score.compare.number.rel: expected a percentage from 0% to 100% with at most 6 decimals, found 0.01',
  ],
  'plan-alphas': [
    '8:13: rollouts[0].guards: expected guards whose alphas sum to at most 0.1, found a list of 1: p95 0.09 + errors 0.01 + errors-vs-stable 0.01 + p95-vs-stable 0.01 + agreement-model 0.005 + split 0.0005 = 0.1255: so often may a healthy release be stopped',
  ],
  'plan-beside-baseline': [
    '8:11: rollouts[0].plan: expected first-model, found "fast": with a baseline there is no stable model to agree with',
  ],
  'plan-beside-initial-weight': [
    '7:5: rollouts[0].initialWeight: expected no initialWeight beside stages, found "initialWeight": the first stage says where a release begins',
  ],
  'plan-is-a-list': [
    '7:11: rollouts[0].plan: expected a map of preset, p95, outcome, segment, first, then, found ["careful"]',
  ],
  'plan-key-of-another-preset': [
    '7:27: rollouts[0].plan.segment: expected a key of preset fast (p95, outcome), found "segment"',
    '7:45: rollouts[0].plan.first: expected a key of preset fast (p95, outcome), found "first"',
  ],
  'plan-p95': ['7:35: rollouts[0].plan.p95: expected a time from 1ms to 1h, for example 50ms, found 50'],
  'plan-preset': [
    '7:11: rollouts[0].plan: expected careful, recommended, fast, one-region-first or first-model, found "reckless"',
  ],
  'plan-region-missing': [
    '7:11: rollouts[0].plan.segment: expected a segment of the rollout with preset one-region-first, found nothing',
    '7:11: rollouts[0].plan.first: expected values of the segment with preset one-region-first, found nothing',
  ],
  'plan-region-twice': ['8:80: rollouts[0].plan.then: expected values that are not in first, found "NZ"'],
  'plan-segment-undefined': [
    '7:48: rollouts[0].plan.segment: expected a segment that the rollout defines, found "country"',
  ],
  'plan-too-many-guards': [
    '9:7: rollouts[0].guards: expected at most 32 guards, found a list of 29: with those of the plan they are 33',
  ],
  'plan-unjudged': [
    '7:11: rollouts[0].plan: expected a guard that judges this stage, or approve: required (its stage shadow), found "fast": guards that only alert, are a dry run, look at each segment, let pass unless harm is shown, or only say whether there is data do not count',
    '7:11: rollouts[0].plan: expected a guard that judges this stage, or approve: required (its stage five), found "fast": guards that only alert, are a dry run, look at each segment, let pass unless harm is shown, or only say whether there is data do not count',
    '7:11: rollouts[0].plan: expected a guard that judges this stage, or approve: required (its stage quarter), found "fast": guards that only alert, are a dry run, look at each segment, let pass unless harm is shown, or only say whether there is data do not count',
    '7:11: rollouts[0].plan: expected a guard that judges this stage, or approve: required (its stage most), found "fast": guards that only alert, are a dry run, look at each segment, let pass unless harm is shown, or only say whether there is data do not count',
  ],
  'plan-without-baseline': [
    '6:11: rollouts[0].plan: expected baseline to be set for it, found "first-model": it is a plan for a model without a stable one',
  ],
  'plan-without-prediction': [
    '6:11: rollouts[0].plan: expected prediction.fields to be set for it, found "recommended": the agreement of each field is what moves it from stage to stage',
  ],
  'plan-without-shadow': [
    '6:11: rollouts[0].plan: expected a shadow of the canary version for it, found "recommended": its first stage waits for pairs, and no shadow runs 2.0.0',
  ],
  'prediction-33-fields': ['8:9: rollouts[0].prediction.fields: expected at most 32 fields, found a map'],
  'prediction-batch-key': [
    '6:49: rollouts[0].prediction.batch.key: expected a JSON Pointer (/a/0/b) or a JSONPath ($.a[0].b), found "id": neither "/" nor "$" is its first character',
  ],
  'prediction-empty': ['6:17: rollouts[0].prediction: expected at least one field or timing, found a map'],
  'prediction-field-name': [
    '6:29: rollouts[0].prediction.fields.the score: expected a field name (a letter, then letters, digits, - and _; at most 64), found "the score"',
  ],
  'prediction-fields-is-a-list': ['6:27: rollouts[0].prediction.fields: expected a map of fields, found ["score"]'],
  'prediction-preset': [
    '6:27: rollouts[0].prediction.preset: expected json, kserve-v1, kserve-v2, tensorflow-serving or torchserve, found "kserve"',
  ],
  'ranking-k': [
    '6:71: rollouts[0].prediction.fields.score.compare.ranking.k: expected a whole number from 1 to 1000, found 0',
  ],
  'ranking-overlap': [
    '6:80: rollouts[0].prediction.fields.score.compare.ranking.minOverlap: expected a percentage from 0% to 100% with at most 6 decimals, found "101%"',
  ],
  'recording-age-too-short': ['1:37: recording.maxAge: expected a time from 1h to 3650d, for example 14d, found "59m"'],
  'recording-age-without-unit': ['1:37: recording.maxAge: expected a time from 1h to 3650d, for example 14d, found 14'],
  'recording-in-the-store': [
    '2:25: recording.directory: expected a folder of its own, found "/var/understudy.db/": that is the file of store',
  ],
  'recording-relative': ['1:25: recording.directory: expected an absolute path, found "recording"'],
  'recording-requests': ['1:39: recording.requests: expected true or false, found "sometimes"'],
  'recording-requests-not-captured': [
    '1:39: recording.requests: expected capture.request above 0 in a rollout for it, found true',
  ],
  'recording-sample': [
    '1:37: recording.sample: expected a percentage from 0% to 100% with at most 2 decimals, found 10',
  ],
  'recording-size': [
    '1:45: recording.maxBytesPerDay: expected a size from 0 to 1024TiB, for example 2GiB, found "2GB"',
  ],
  'recording-too-big': [
    '1:39: recording.maxBytes: expected a size from 0 to 1024TiB, for example 2GiB, found "1025TiB"',
  ],
  'recording-without-directory': ['1:12: recording.directory: expected an absolute path, found nothing'],
  'redact-header': ['1:21: redact.headers[0]: expected a header name, found "x user"'],
  'redact-is-a-list': ['1:9: redact: expected a map of paths, headers, patterns, found ["/user/email"]'],
  'redact-path': [
    '1:19: redact.paths[0]: expected a JSON Pointer with at least one step, for example /user/email, found "user.email"',
  ],
  'redact-pattern': [
    '1:22: redact.patterns[0]: expected a regular expression of RE2, found "(a": error parsing regexp: missing closing ): `(a`',
  ],
  'redact-pattern-empty': [
    '1:22: redact.patterns[0]: expected a pattern that needs at least one character, found "\\\\d*"',
  ],
  'rollout-twice': ['5:11: rollouts[1].name: expected a rollout name used once, found "ranker"'],
  'rollouts-empty': ['1:11: rollouts: expected at least one rollout, found a list of 0'],
  'rollouts-is-a-map': ['1:11: rollouts: expected a list of rollouts, found a map'],
  'rollouts-missing': ['1:1: rollouts: expected a list of rollouts, found nothing'],
  'route-twice': ['6:20: rollouts[1].route[1]: expected a route that leads to one rollout, found "ranker"'],
  'rule-arm': ['7:46: rollouts[0].rules[0].arm: expected stable or canary, found "shadow"'],
  'rule-cookie-is-a-text': [
    '6:27: rollouts[0].rules[0].when.cookie: expected a map of cookie names to conditions, found "sid"',
  ],
  'rule-header-name': ['7:29: rollouts[0].rules[0].when.header.x a: expected a header name, found "x a"'],
  'rule-header-not-trusted': [
    '6:29: rollouts[0].rules[0].when.header.x-canary: expected a header of trustedHeaders, found "x-canary": a client could choose its own answer with a header the edge does not set or clean',
  ],
  'rule-header-twice': [
    '7:29: rollouts[0].rules[0].when.header.X-A: expected each header once, in any case, found "X-A"',
  ],
  'rule-query-is-a-list': [
    '6:26: rollouts[0].rules[0].when.query: expected a map of query parameters to conditions, found ["a"]',
  ],
  'rule-segment-name': [
    '8:30: rollouts[0].rules[0].when.segment.the country: expected a segment name (a letter, then letters, digits, - and _; at most 64), found "the country"',
  ],
  'rule-segment-undefined': [
    '6:30: rollouts[0].rules[0].when.segment.country: expected a segment that the rollout defines, found "country"',
  ],
  'rule-segment-values': [
    '8:39: rollouts[0].rules[0].when.segment.country: expected at least one value, found a list of 0',
  ],
  'rule-unknown-condition': ['7:19: rollouts[0].rules[0].when.headers: unknown key, did you mean "header"?'],
  'rule-weight': [
    '7:49: rollouts[0].rules[0].weight: expected a percentage from 0% to 100% with at most 2 decimals, found "101%"',
  ],
  'rule-with-two-effects': ['7:9: rollouts[0].rules[0]: expected either arm or weight, found a map'],
  'rule-without-condition': [
    '6:17: rollouts[0].rules[0].when: expected at least one condition (a rule without one would match every request), found a map',
  ],
  'rule-without-effect': ['7:9: rollouts[0].rules[0]: expected either arm or weight, found a map'],
  'salt-is-empty': ['5:11: rollouts[0].salt: expected a non-empty text, found ""'],
  'segment-geoip-field': [
    '6:35: rollouts[0].segments.country.geoip: expected continent, country, region or city, found "county"',
  ],
  'segment-geoip-without-database': [
    '5:35: rollouts[0].segments.country.geoip: expected geoip.database to be set for it, found "country"',
  ],
  'segment-name': [
    '5:17: rollouts[0].segments.the country: expected a segment name (a letter, then letters, digits, - and _; at most 64), found "the country"',
  ],
  'segment-not-trusted': [
    '5:36: rollouts[0].segments.country.header: expected a header of trustedHeaders, found "x-geo-country": a client could choose its own answer with a header the edge does not set or clean',
  ],
  'segment-of-unknown-source': [
    '5:28: rollouts[0].segments.country.cookie: unknown key, expected one of header, geoip',
  ],
  'shadow-answers-users': [
    '5:35: rollouts[0].shadows[0].cluster: expected a cluster of its own that answers no user, found "ranker-v2": the canary cluster of rollout "ranker": copies would use up the connections and the circuit breaker of users\' requests',
  ],
  'shadow-max-body-over-4MiB': [
    '6:66: rollouts[0].shadows[0].maxBody: expected a size from 0 to 4MiB, for example 64KiB, found "5MiB": a frozen shadow holds back larger uploads of users',
  ],
  'shadow-max-body-unit': [
    '6:66: rollouts[0].shadows[0].maxBody: expected a size from 0 to 4MiB, for example 64KiB, found "4MB"',
  ],
  'shadow-max-per-second': [
    '6:71: rollouts[0].shadows[0].maxPerSecond: expected a whole number from 1 to 1000000, found 0',
  ],
  'shadow-max-per-second-broken': [
    '6:71: rollouts[0].shadows[0].maxPerSecond: expected a whole number from 1 to 1000000, found 1.5',
  ],
  'shadow-methods-is-a-text': ['6:66: rollouts[0].shadows[0].methods: expected a list of HTTP methods, found "GET"'],
  'shadow-methods-lower-case': [
    '6:67: rollouts[0].shadows[0].methods[0]: expected an HTTP method in capitals, found "get"',
  ],
  'shadow-mirror-unknown-length': [
    '6:79: rollouts[0].shadows[0].mirrorUnknownLength[0]: expected a non-empty text, found ""',
  ],
  'shadow-sample-by': ['6:67: rollouts[0].shadows[0].sampleBy: expected unit or request, found "user"'],
  'shadow-sample-over-100': [
    '6:65: rollouts[0].shadows[0].sample: expected a percentage from 0% to 100% with at most 2 decimals, found "101%"',
  ],
  'shadow-twice': ['7:17: rollouts[0].shadows[1].name: expected a shadow name used once in the rollout, found "a"'],
  'shadow-unknown-key': ['6:57: rollouts[0].shadows[0].simple: unknown key, did you mean "sample"?'],
  'socket-admin-is-tcp': ['1:19: sockets.admin: expected an absolute path, found "127.0.0.1:9000"'],
  'socket-host-name': [
    '1:20: sockets.decide: expected an absolute socket path, or a loopback address with a port, found "sidecar.internal:9000": a plain socket that other machines reach would let them move traffic',
  ],
  'socket-not-loopback': [
    '1:20: sockets.decide: expected an absolute socket path, or a loopback address with a port, found "0.0.0.0:9000": a plain socket that other machines reach would let them move traffic',
  ],
  'socket-observe-twice': [
    '1:21: sockets.observe: expected an absolute socket path, or an address with a port, found ["/run/a.sock", "/run/b.sock"]',
  ],
  'socket-port-zero': ['1:20: sockets.decide: expected a port from 1 to 65535, found "127.0.0.1:0"'],
  'socket-relative': ['1:19: sockets.admin: expected an absolute path, found "admin.sock"'],
  'socket-tcp-twice': ['1:37: sockets.decide[1]: expected a socket or address used once, found "127.0.0.1:9000"'],
  'socket-too-long': [
    '1:21: sockets.observe: expected a socket path under 107 bytes, found "/run/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.sock"',
  ],
  'socket-twice': ['1:40: sockets.admin: expected a socket or address used once, found "/run/a.sock"'],
  'socket-with-scheme': ['1:19: sockets.admin: expected an absolute path, found "unix:/run/admin.sock"'],
  'stage-hold-at-most': [
    '6:63: rollouts[0].stages[0].hold.atMost: expected a time from 10s to 180d, for example 6h, found "1s"',
  ],
  'stage-hold-time': [
    '6:50: rollouts[0].stages[0].hold.time: expected a time from 0s to 60d, for example 30m, found 30',
  ],
  'stage-initial-weight': [
    '5:5: rollouts[0].initialWeight: expected no initialWeight beside stages, found "initialWeight": the first stage says where a release begins',
  ],
  'stage-name-twice': ['7:17: rollouts[0].stages[1].name: expected a stage name used once in the rollout, found "one"'],
  'stage-nobody-judges': [
    '8:9: rollouts[0].stages[0]: expected a guard that judges this stage, or approve: required, found a map: agreement: at weight 0: no shadow runs 2.0.0',
  ],
  'stage-segment-undefined': [
    '6:43: rollouts[0].stages[0].scope.country: expected a segment that the rollout defines, found "country"',
  ],
  'stage-unguarded': [
    '6:9: rollouts[0].stages[0]: expected a guard that judges this stage, or approve: required, found a map: there are no guards',
  ],
  'stage-weight-falls': [
    '7:30: rollouts[0].stages[1].weight: expected at least 5%, found "1%": weights of stages only rise: a user who has moved is not moved back',
  ],
  'stages-empty': ['5:13: rollouts[0].stages: expected at least one stage, found a list of 0'],
  'store-relative': ['1:8: store: expected an absolute path, found "understudy.db"'],
  'timing-unit': ['6:66: rollouts[0].prediction.timings.featureFetch.unit: expected s, ms or us, found "min"'],
  'timing-without-source': [
    '6:44: rollouts[0].prediction.timings.featureFetch: expected exactly one of at, header, trailer, found a map',
  ],
  'unit-client': ['5:22: rollouts[0].unit[0].client: expected address, found "port"'],
  'unit-cookie-name': ['5:22: rollouts[0].unit[0].cookie: expected a cookie name, found "s;id"'],
  'unit-header-name': ['5:22: rollouts[0].unit[0].header: expected a header name, found "x user"'],
  'unit-is-a-map': [
    '6:11: rollouts[0].unit: expected a list of sources, for example { header: x-user-id }, found a map',
  ],
  'unit-is-a-text': [
    '6:12: rollouts[0].unit[0]: expected { header: NAME }, { cookie: NAME } or { client: address }, found "x-a"',
  ],
  'unit-not-trusted': [
    '5:22: rollouts[0].unit[0].header: expected a header of trustedHeaders, found "x-user-id": a client could choose its own answer with a header the edge does not set or clean',
  ],
  'unit-of-unknown-source': ['6:14: rollouts[0].unit[0].query: unknown key, expected one of header, cookie, client'],
  'unit-two-sources-in-one': [
    '6:12: rollouts[0].unit[0]: expected { header: NAME }, { cookie: NAME } or { client: address }, found a map',
  ],
  'unknown-key-at-top': [
    '5:1: retries: unknown key, expected one of trustedHeaders, sockets, store, metrics, admin, observe, geoip, redact, recording, outcomes, notifications, allowBodies, rollouts',
  ],
  'unknown-key-in-other-style': ['5:5: rollouts[0].initial_weight: unknown key, did you mean "initialWeight"?'],
  'unknown-key-in-rollout': ['5:5: rollouts[0].shadow: unknown key, did you mean "shadows"?'],
  'unknown-key-misspelt': ['1:1: trustedHeader: unknown key, did you mean "trustedHeaders"?'],
  'vector-divergence': [
    '6:82: rollouts[0].prediction.fields.score.compare.vector.maxDivergence: expected a number from 0 to 1, found 2',
  ],
  'version-is-a-number': ['4:44: rollouts[0].canary.version: expected a non-empty text, found 2.0'],
  'version-is-missing': ['4:13: rollouts[0].canary.version: expected a non-empty text, found nothing'],
  'weight-with-three-decimals': [
    '5:20: rollouts[0].initialWeight: expected a percentage from 0% to 100% with at most 2 decimals, found "0.125%"',
  ],
  'weight-without-percent': [
    '5:20: rollouts[0].initialWeight: expected a percentage from 0% to 100% with at most 2 decimals, found 5',
  ],
};
