-- wrk's script: the addresses of a file, one after the other; a rate if one is given; one line of JSON.
--   wrk … -s bench/edge.lua http://127.0.0.1:8080 -- <file of addresses> [requests a second]
local ffi = require("ffi")
ffi.cdef [[ typedef struct { long s; long ns; } moment; int clock_gettime(int clock, moment *now); ]]

local moment = ffi.new("moment")
local requests, place, gap, slot = {}, 0, nil, nil

local function now() -- milliseconds
  ffi.C.clock_gettime(1, moment)
  return tonumber(moment.s) * 1000 + tonumber(moment.ns) / 1e6
end

function init(args)
  wrk.headers["Accept-Encoding"] = "gzip"
  wrk.headers["Host"] = "127.0.0.1"
  for address in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("GET", address)
  end
  if args[2] then
    gap = 1000 / tonumber(args[2])
  else
    delay = nil
  end
end

function request()
  place = place % #requests + 1
  return requests[place]
end

-- Requests have their moments, whatever became of those before.
function delay()
  slot = math.max((slot or now()) + gap, now() - 1000)
  return math.max(0, math.floor(slot - now() + 0.5))
end

function done(summary, latency)
  local failed = 0
  for _, number in pairs(summary.errors) do
    failed = failed + number
  end
  io.write(string.format(
    '{"requests": %d, "seconds": %.3f, "failed": %d, "p50_ms": %.3f, "p95_ms": %.3f, "p99_ms": %.3f}\n',
    summary.requests, summary.duration / 1e6, failed,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000))
end
