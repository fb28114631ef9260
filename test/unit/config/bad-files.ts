/** What each bad file of test/fixtures/config is answered with, after its name and a colon. */
export const badFiles: Readonly<Record<string, readonly string[]>> = {
  'alias-without-anchor': [
    '1:12: expected YAML, found Unresolved alias (the anchor must be set before the alias): ranker',
  ],
  'capture-too-big': [
    '5:26: rollouts[0].capture.response: expected a size from 0 to 1MiB, for example 64KiB, found "2MiB"',
  ],
  'capture-unit': [
    '5:26: rollouts[0].capture.response: expected a size from 0 to 1MiB, for example 64KiB, found "64KB"',
  ],
  'cluster-is-a-number': ['3:24: rollouts[0].stable.cluster: expected a non-empty text, found 7'],
  'decide-empty': ['1:20: sockets.decide: expected a socket or a list of them, found a list of 0'],
  'duplicate-key': ['5:5: expected YAML, found Map keys must be unique'],
  'file-empty': ['1:1: expected a map of trustedHeaders, sockets, store, metrics, geoip, rollouts, found nothing'],
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
  'header-name': ['1:18: trustedHeaders[0]: expected a header name, found "x user"'],
  'later-key': ['5:5: rollouts[0].stages: not supported yet'],
  'later-section': ['1:1: retention: not supported yet'],
  'many-mistakes': [
    '1:8: store: expected an absolute path, found "here.db"',
    '2:19: sockets.admin: expected an absolute path, found 1',
    '5:24: rollouts[0].stable.cluster: expected a non-empty text, found 7',
    '7:5: rollouts[0].guards: not supported yet',
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
  'match-regex-backreference': [
    '6:43: rollouts[0].rules[0].when.cookie.sid.regex: expected a regular expression of RE2, found "(a)\\\\1": error parsing regexp: invalid escape sequence: `\\1`',
  ],
  'match-regex': [
    '6:34: rollouts[0].rules[0].when.path.regex: expected a regular expression of RE2, found "/v2/(": error parsing regexp: missing closing ): `/v2/(`',
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
  'name-ends-in-blank': [
    '2:11: rollouts[0].name: expected printable ASCII without blanks at its ends, at most 128 characters, found "ranker "',
  ],
  'name-is-empty': ['2:11: rollouts[0].name: expected a non-empty text, found ""'],
  'name-with-newline': [
    '2:11: rollouts[0].name: expected printable ASCII without blanks at its ends, at most 128 characters, found "ran\\nker"',
  ],
  'no-contradiction-with-what-is-wrong': [
    '1:17: trustedHeaders: expected a list of header names, found "x-a"',
    '2:21: sockets.observe: expected an absolute socket path, or a loopback address with a port, found "run.sock"',
    '3:20: geoip.database: expected an absolute path, found "geo.mmdb"',
    '9:52: rollouts[0].segments.tier: expected { header: NAME } or { geoip: FIELD }, found 7',
  ],
  'not-yaml': [
    '2:1: expected YAML, found Flow sequence in block collection must be sufficiently indented and end with a ]',
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
  'shadow-max-per-second-broken': [
    '6:71: rollouts[0].shadows[0].maxPerSecond: expected a whole number from 1 to 1000000, found 1.5',
  ],
  'shadow-max-per-second': [
    '6:71: rollouts[0].shadows[0].maxPerSecond: expected a whole number from 1 to 1000000, found 0',
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
    '1:21: sockets.observe: expected an absolute socket path, or a loopback address with a port, found ["/run/a.sock", "/run/b.sock"]',
  ],
  'socket-port-zero': ['1:20: sockets.decide: expected a port from 1 to 65535, found "127.0.0.1:0"'],
  'socket-relative': ['1:19: sockets.admin: expected an absolute path, found "admin.sock"'],
  'socket-tcp-twice': ['1:37: sockets.decide[1]: expected a socket or address used once, found "127.0.0.1:9000"'],
  'socket-too-long': [
    '1:21: sockets.observe: expected a socket path under 107 bytes, found "/run/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.sock"',
  ],
  'socket-twice': ['1:40: sockets.admin: expected a socket or address used once, found "/run/a.sock"'],
  'socket-with-scheme': ['1:19: sockets.admin: expected an absolute path, found "unix:/run/admin.sock"'],
  'store-relative': ['1:8: store: expected an absolute path, found "understudy.db"'],
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
    '5:1: retries: unknown key, expected one of trustedHeaders, sockets, store, metrics, geoip, rollouts',
  ],
  'unknown-key-in-other-style': ['5:5: rollouts[0].initial_weight: unknown key, did you mean "initialWeight"?'],
  'unknown-key-in-rollout': ['5:5: rollouts[0].shadow: unknown key, did you mean "shadows"?'],
  'unknown-key-misspelt': ['1:1: trustedHeader: unknown key, did you mean "trustedHeaders"?'],
  'version-is-a-number': ['4:44: rollouts[0].canary.version: expected a non-empty text, found 2.0'],
  'version-is-missing': ['4:13: rollouts[0].canary.version: expected a non-empty text, found nothing'],
  'weight-with-three-decimals': [
    '5:20: rollouts[0].initialWeight: expected a percentage from 0% to 100% with at most 2 decimals, found "0.125%"',
  ],
  'weight-without-percent': [
    '5:20: rollouts[0].initialWeight: expected a percentage from 0% to 100% with at most 2 decimals, found 5',
  ],
};
