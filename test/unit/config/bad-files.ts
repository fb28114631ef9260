/** What each bad file of test/fixtures/config is answered with, after its name and a colon. */
export const badFiles: Readonly<Record<string, readonly string[]>> = {
  'alias-without-anchor': [
    '1:1: expected YAML, found Unresolved alias (the anchor must be set before the alias): ranker',
  ],
  'capture-too-big': [
    '5:26: rollouts[0].capture.response: expected a size from 0 to 1MiB, for example 64KiB, found "2MiB"',
  ],
  'capture-unit': [
    '5:26: rollouts[0].capture.response: expected a size from 0 to 1MiB, for example 64KiB, found "64KB"',
  ],
  'cluster-is-a-number': ['3:24: rollouts[0].stable.cluster: expected a non-empty text, found 7'],
  'decide-empty': ['1:20: sockets.decide: expected a socket path or a list of them, found a list of 0'],
  'duplicate-key': ['5:5: expected YAML, found Map keys must be unique'],
  'file-empty': ['1:1: expected a map of trustedHeaders, sockets, store, rollouts, found nothing'],
  'five-shadows': ['6:7: rollouts[0].shadows: expected at most 4 shadows, found a list of 5'],
  'header-name': ['1:18: trustedHeaders[0]: expected a header name, found "x user"'],
  'later-key': ['5:5: rollouts[0].stages: not supported yet'],
  'later-section': ['1:1: retention: not supported yet'],
  'many-mistakes': [
    '1:8: store: expected an absolute path, found "here.db"',
    '2:19: sockets.admin: expected a non-empty text, found 1',
    '5:24: rollouts[0].stable.cluster: expected a non-empty text, found 7',
    '7:5: rollouts[0].guards: not supported yet',
  ],
  'name-ends-in-blank': [
    '2:11: rollouts[0].name: expected printable ASCII without blanks at its ends, at most 128 characters, found "ranker "',
  ],
  'name-is-empty': ['2:11: rollouts[0].name: expected a non-empty text, found ""'],
  'name-with-newline': [
    '2:11: rollouts[0].name: expected printable ASCII without blanks at its ends, at most 128 characters, found "ran\\nker"',
  ],
  'not-yaml': [
    '2:1: expected YAML, found Flow sequence in block collection must be sufficiently indented and end with a ]',
  ],
  'rollout-twice': ['5:11: rollouts[1].name: expected a rollout name used once, found "ranker"'],
  'rollouts-empty': ['1:11: rollouts: expected at least one rollout, found a list of 0'],
  'rollouts-missing': ['1:1: rollouts: expected a list of rollouts, found nothing'],
  'route-twice': ['6:20: rollouts[1].route[1]: expected a route that leads to one rollout, found "ranker"'],
  'rule-arm': ['7:46: rollouts[0].rules[0].arm: expected stable or canary, found "shadow"'],
  'rule-header-name': ['7:29: rollouts[0].rules[0].when.header.x a: expected a header name, found "x a"'],
  'rule-header-not-trusted': [
    '6:29: rollouts[0].rules[0].when.header.x-canary: expected a header of trustedHeaders, found "x-canary": a client could choose its own answer with a header the edge does not set or clean',
  ],
  'rule-header-twice': [
    '7:29: rollouts[0].rules[0].when.header.X-A: expected each header once, in any case, found "X-A"',
  ],
  'rule-segment-undefined': [
    '6:30: rollouts[0].rules[0].when.segment.country: expected a segment that the rollout defines, found "country"',
  ],
  'rule-segment-values': [
    '8:39: rollouts[0].rules[0].when.segment.country: expected a value or a list of values, found a list of 0',
  ],
  'rule-weight': [
    '7:49: rollouts[0].rules[0].weight: expected a percentage from 0% to 100% with at most 2 decimals, found "101%"',
  ],
  'rule-with-two-effects': ['7:9: rollouts[0].rules[0]: expected either arm or weight, found a map'],
  'rule-without-condition': [
    '6:17: rollouts[0].rules[0].when: expected at least one header or segment (a rule without a condition would match every request), found a map',
  ],
  'rule-without-effect': ['7:9: rollouts[0].rules[0]: expected either arm or weight, found a map'],
  'salt-is-empty': ['5:11: rollouts[0].salt: expected a non-empty text, found ""'],
  'segment-name': [
    '5:17: rollouts[0].segments.the country: expected a segment name (a letter, then letters, digits, - and _), found "the country"',
  ],
  'segment-not-trusted': [
    '5:36: rollouts[0].segments.country.header: expected a header of trustedHeaders, found "x-geo-country": a client could choose its own answer with a header the edge does not set or clean',
  ],
  'shadow-answers-users': [
    `5:35: rollouts[0].shadows[0].cluster: expected a cluster of its own that answers no user, found "ranker-v2": the canary cluster of rollout "ranker": copies would use up the connections and the circuit breaker of users' requests`,
  ],
  'shadow-twice': ['7:17: rollouts[0].shadows[1].name: expected a shadow name used once in the rollout, found "a"'],
  'socket-relative': ['1:19: sockets.admin: expected an absolute path, found "admin.sock"'],
  'socket-too-long': [
    '1:21: sockets.observe: expected a socket path under 107 bytes, found "/run/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.sock"',
  ],
  'socket-twice': ['1:40: sockets.admin: expected a socket path used once, found "/run/a.sock"'],
  'socket-with-scheme': ['1:19: sockets.admin: expected an absolute path, found "unix:/run/admin.sock"'],
  'store-relative': ['1:8: store: expected an absolute path, found "understudy.db"'],
  'unit-not-trusted': [
    '5:22: rollouts[0].unit[0].header: expected a header of trustedHeaders, found "x-user-id": a client could choose its own answer with a header the edge does not set or clean',
  ],
  'unit-of-unknown-source': [
    '6:12: rollouts[0].unit[0].header: expected a non-empty text, found nothing',
    '6:14: rollouts[0].unit[0].cookie: unknown key, expected one of header',
  ],
  'unknown-key-at-top': ['5:1: retries: unknown key, expected one of trustedHeaders, sockets, store, rollouts'],
  'unknown-key-in-rollout': [
    '5:5: rollouts[0].shadow: unknown key, expected one of name, route, stable, canary, shadows, unit, segments, rules, capture, salt, initialWeight',
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
