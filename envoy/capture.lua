-- What did the model get, and what did it answer? Copies the first bytes of each body into dynamic metadata, which the
-- gRPC access log carries to the sidecar in batches. Runs last before the router, for production and shadows alike.
--
-- How much is decided per request, by the header x-understudy-capture: "<request bytes>,<response bytes>"; without it
-- nothing is captured. It is a header because a mirrored request takes its headers along, and no metadata.
-- Nothing is buffered or held back: the user's bytes pass as they come.

-- Two full bodies in base64 must fit into one log message: gRPC servers commonly refuse more than 4 MiB.
local CAP = 1048576
local NAMESPACE = "understudy"

-- Envoy's objects die whenever the script yields, as it does at each chunk: one kept over a loop would raise an error.
-- So metadata is always fetched anew.
local function metadata(handle)
  return handle:streamInfo():dynamicMetadata()
end

-- The first bytes of a body; of an event stream, which ends with what matters, the first and the last half of them, and
-- when its chunks came (milliseconds).
local function copy(handle, limit, is_stream)
  local head_limit = is_stream and math.floor(limit / 2) or limit
  local tail_limit = limit - head_limit
  local head, kept, tail, from, to, waiting = {}, 0, {}, 1, 0, 0
  local total, chunks, first, last, gap = 0, 0, 0, 0, 0
  for chunk in handle:bodyChunks() do
    local length = chunk:length()
    if length > 0 then -- the end of a stream often comes as an empty chunk
      total = total + length
      chunks = chunks + 1
      local take = math.min(length, head_limit - kept)
      if take > 0 then
        head[#head + 1] = chunk:getBytes(0, take)
        kept = kept + take
      end
      local rest = math.min(length - take, tail_limit)
      if rest > 0 then
        to = to + 1
        tail[to] = chunk:getBytes(length - rest, rest)
        waiting = waiting + rest
        while waiting - #tail[from] >= tail_limit do
          waiting = waiting - #tail[from]
          tail[from] = nil
          from = from + 1
        end
      end
      if is_stream then
        local now = handle:timestamp()
        if chunks == 1 then first = now else gap = math.max(gap, now - last) end
        last = now
      end
    end
  end
  return {
    head = table.concat(head),
    tail = string.sub(table.concat(tail, "", from, to), -math.max(tail_limit, 1)),
    total = total, chunks = chunks, first = first, last = last, gap = gap,
  }
end

-- The total is written beside the body: a body shorter than it was cut. After an aborted body the script is never
-- resumed, and the exchange has its flags and no body.
local function record(handle, side, limit)
  -- Read here and now: a filter nearer the user (a compressor) may change them before the log is written.
  local headers = handle:headers()
  local encoding, kind = headers:get("content-encoding"), headers:get("content-type")
  local is_stream = kind ~= nil and string.find(string.lower(kind), "^text/event%-stream") ~= nil
  local body = copy(handle, limit, is_stream)
  local facts = metadata(handle)
  facts:set(NAMESPACE, side .. "_body", handle:base64Escape(body.head))
  facts:set(NAMESPACE, side .. "_bytes", body.total)
  facts:set(NAMESPACE, side .. "_chunks", body.chunks)
  if encoding then facts:set(NAMESPACE, side .. "_encoding", encoding) end
  if kind then facts:set(NAMESPACE, side .. "_type", kind) end
  if is_stream and body.chunks > 0 then
    local started = (facts:get(NAMESPACE) or {})["started_ms"] or body.first
    facts:set(NAMESPACE, side .. "_tail", handle:base64Escape(body.tail))
    facts:set(NAMESPACE, side .. "_first_ms", body.first - started)
    facts:set(NAMESPACE, side .. "_last_ms", body.last - started)
    facts:set(NAMESPACE, side .. "_gap_ms", body.gap)
  end
end

function envoy_on_request(handle)
  local wanted = handle:headers():get("x-understudy-capture")
  if not wanted then return end
  local request, response = string.match(wanted, "^(%d+),(%d+)$")
  if not request then return end
  request, response = math.min(tonumber(request), CAP), math.min(tonumber(response), CAP)
  -- The response side sees no request headers.
  if response > 0 then
    local facts = metadata(handle)
    facts:set(NAMESPACE, "response_limit", response)
    facts:set(NAMESPACE, "started_ms", handle:timestamp())
  end
  if request > 0 then record(handle, "request", request) end
end

function envoy_on_response(handle)
  local facts = metadata(handle):get(NAMESPACE)
  local limit = facts and facts["response_limit"]
  if limit then record(handle, "response", limit) end
end
