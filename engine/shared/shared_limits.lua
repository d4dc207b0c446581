-- One wave of a holder of a shared budget, as one atomic step. The rules are those of limit_ledger.py.
-- KEYS: the account, its holders, their signs of life; where the requests of the last minute and their tokens are, a key a model.
-- ARGV: the wave as JSON. Returns the reply as JSON.
local account, holders, beats, sent, sizes = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local wave = cjson.decode(ARGV[1])
local clock = redis.call('TIME')
local now = wave.now or (clock[1] * 1000 + math.floor(clock[2] / 1000))
local SPENT = {'calls', 'tokens', 'nano'}
local RESERVED = {'held_calls', 'held_tokens', 'final_calls', 'final_tokens'}
local FIELDS = {'calls', 'tokens', 'nano', 'held_calls', 'held_tokens', 'final_calls', 'final_tokens', 'unpriced',
                'epoch', 'grace', 'floor_calls', 'floor_tokens', 'floor_nano', 'extra_calls', 'extra_tokens', 'extra_nano', 'quiet'}
local all, read = {}, redis.call('HMGET', account, unpack(FIELDS))
for place, name in ipairs(FIELDS) do all[name] = tonumber(read[place] or 0) end

local function reply(state, life, asks, sends)
  return cjson.encode({state = state, epoch = all.epoch, life = life, calls = all.calls, tokens = all.tokens,
                       nano = all.nano, asks = asks, sends = sends})
end

local function keep()
  local pairs_ = {}
  for _, name in ipairs(FIELDS) do
    pairs_[#pairs_ + 1] = name
    pairs_[#pairs_ + 1] = string.format('%.0f', all[name])
  end
  redis.call('HMSET', account, unpack(pairs_))
end

local function forgotten()  -- the server may have lost the last waves, or all: nothing is granted until all have told again
  all.epoch = math.max(now, all.epoch + 1, wave.epoch + 1)
  all.grace = now + wave.patience
  all.quiet = now + 60000
  for _, name in ipairs(redis.call('ZRANGE', beats, 0, -1)) do redis.call('ZADD', beats, all.grace, name) end
end

if wave.already then
  for _, name in ipairs(SPENT) do all[name] = math.max(all[name], wave.already[name]) end
end
if all.epoch == 0 then
  if wave.epoch > 0 then forgotten()
  elseif wave.already then all.epoch = now
  else return reply('absent', 0, {}, {}) end
elseif wave.restarted and (wave.epoch > 0 or redis.call('ZCARD', beats) > 0) then
  forgotten()
end
local waiting = now < all.grace
local survivor = wave.epoch > 0 and wave.epoch ~= all.epoch

local stored = redis.call('HGET', holders, wave.holder)
if not stored and wave.life > 0 and not survivor then return reply('ok', wave.life, {}, {}) end
local mine = stored and cjson.decode(stored)
  or {life = 0, calls = 0, tokens = 0, nano = 0, held_calls = 0, held_tokens = 0, final_calls = 0, final_tokens = 0}

local function reserve(holder, told)
  for _, name in ipairs(RESERVED) do
    all[name] = all[name] + told[name] - holder[name]
    holder[name] = told[name]
  end
end
local NOTHING = {held_calls = 0, held_tokens = 0, final_calls = 0, final_tokens = 0}

local function spend(told)
  for _, name in ipairs(SPENT) do
    all[name] = all[name] + told[name] - mine[name]
    mine[name] = told[name]
  end
end

local lapsed = false
if survivor then
  spend({calls = math.max(mine.calls, wave.acked.calls), tokens = math.max(mine.tokens, wave.acked.tokens),
         nano = math.max(mine.nano, wave.acked.nano)})
  for _, name in ipairs(SPENT) do all['floor_' .. name] = math.max(all['floor_' .. name], wave.seen[name]) end
  if waiting then
    mine.life = wave.life
  else
    for _, name in ipairs(SPENT) do all[name] = math.max(all[name], wave.seen[name]) end
  end
end
if not (survivor and waiting) then
  lapsed = mine.life ~= wave.life or not redis.call('ZSCORE', beats, wave.holder) or survivor
  if lapsed then
    reserve(mine, NOTHING)
    mine.life = math.max(mine.life, wave.life) + 1
  end
end
redis.call('ZADD', beats, string.format('%.0f', now + wave.patience), wave.holder)

if waiting then  -- what was spent since the floor counts on top of it
  for _, name in ipairs(SPENT) do all['extra_' .. name] = all['extra_' .. name] + wave[name] - mine[name] end
  spend(wave)
  if wave.unpriced then all.unpriced = 1 end
  if not lapsed then reserve(mine, wave) end
  redis.call('HSET', holders, wave.holder, cjson.encode(mine))
  keep()
  local asks, sends = {}, {}
  for place = 1, #wave.asks do asks[place] = 'wait' end
  for place = 1, #wave.sends do sends[place] = all.grace - now end
  return reply(lapsed and wave.life > 0 and 'lapsed' or 'grace', mine.life, asks, sends)
end
if all.grace > 0 then
  for _, name in ipairs(SPENT) do
    all[name] = math.max(all[name], all['floor_' .. name] + all['extra_' .. name])
    all['floor_' .. name], all['extra_' .. name] = 0, 0
  end
  all.grace = 0
end
for _, name in ipairs(redis.call('ZRANGEBYSCORE', beats, '-inf', string.format('%.0f', now))) do
  local dead = cjson.decode(redis.call('HGET', holders, name))
  reserve(dead, NOTHING)
  redis.call('HSET', holders, name, cjson.encode(dead))
  redis.call('ZREM', beats, name)
end
spend(wave)
if wave.unpriced then all.unpriced = 1 end
if not lapsed then reserve(mine, wave) end

local caps = wave.caps
local function over(ask, held, final)
  local calls = all.held_calls * held + all.final_calls * final
  local tokens = all.tokens + all.held_tokens * held + all.final_tokens * final
  if caps.calls and all.calls + calls + ask[1] > caps.calls then return 'calls' end
  if caps.tokens and (tokens >= caps.tokens or tokens + ask[2] > caps.tokens) then return 'tokens' end
  if not caps.nano then return nil end
  if all.unpriced > 0 then return 'price' end
  local mean = all.calls > 0 and all.nano / all.calls or 0
  local used = all.nano + calls * mean
  if used >= caps.nano or used + ask[1] * ask[3] * mean > caps.nano then return 'usd' end
  return nil
end

local asks = {}
for place, ask in ipairs(wave.asks) do  -- calls, tokens, 1 for the comparison of a run that starts
  local kind = ask[3] == 1 and 'final_' or 'held_'
  if lapsed and wave.life > 0 then
    asks[place] = 'wait'
  elseif not over(ask, 1, 1) then
    asks[place] = 'granted'
    all[kind .. 'calls'] = all[kind .. 'calls'] + ask[1]
    all[kind .. 'tokens'] = all[kind .. 'tokens'] + ask[2]
    mine[kind .. 'calls'] = mine[kind .. 'calls'] + ask[1]
    mine[kind .. 'tokens'] = mine[kind .. 'tokens'] + ask[2]
  else
    asks[place] = over(ask, 0, 1 - ask[3]) or 'wait'
  end
end

local function window(lane)  -- of one model: its keys and the sum of its tokens, without what is older than a minute
  local found = {sent = sent .. ':' .. lane, sizes = sizes .. ':' .. lane}
  found.total = tonumber(redis.call('HGET', found.sizes, '') or 0)
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', found.sent, '-inf', string.format('%.0f', now - 60000))) do
    found.total = found.total - redis.call('HGET', found.sizes, name)
    redis.call('HDEL', found.sizes, name)
    redis.call('ZREM', found.sent, name)
  end
  return found
end

local function close(found)
  redis.call('HSET', found.sizes, '', string.format('%.0f', found.total))
  redis.call('PEXPIRE', found.sent, 120000)
  redis.call('PEXPIRE', found.sizes, 120000)
end

for _, permit in ipairs(wave.settled) do  -- name, tokens, model
  local found = window(permit[3])
  local had = redis.call('HGET', found.sizes, permit[1])
  if had then
    found.total = found.total + permit[2] - had
    redis.call('HSET', found.sizes, permit[1], string.format('%.0f', permit[2]))
  end
  close(found)
end

local function admit(permit, found)  -- milliseconds until it may be sent; one that may counts from now on
  if redis.call('HEXISTS', found.sizes, permit[1]) == 1 then return 0 end
  local most, room, ends = caps.requests_per_minute, caps.tokens_per_minute, now
  local count = redis.call('ZCARD', found.sent)
  if most and count >= most then
    ends = tonumber(redis.call('ZRANGE', found.sent, count - most, count - most, 'WITHSCORES')[2]) + 60000
  end
  local taken, place = found.total, 0
  while room and taken + permit[2] > room and place < count and place < 1000 do
    local first = redis.call('ZRANGE', found.sent, place, place, 'WITHSCORES')
    local size = tonumber(redis.call('HGET', found.sizes, first[1]))
    if size ~= 0 then ends = math.max(ends, tonumber(first[2]) + 60000) end
    taken, place = taken - size, place + 1
  end
  ends = math.max(ends, all.quiet)
  if ends <= now then
    redis.call('ZADD', found.sent, string.format('%.0f', now), permit[1])
    redis.call('HSET', found.sizes, permit[1], string.format('%.0f', permit[2]))
    found.total = found.total + permit[2]
    return 0
  end
  return ends - now
end

local sends, waits = {}, {}
for place, permit in ipairs(wave.sends) do
  local lane = permit[3]
  if (waits[lane] or 0) == 0 then
    local found = window(lane)
    waits[lane] = admit(permit, found)
    close(found)
  end
  sends[place] = waits[lane]
end

if wave.leaves then
  reserve(mine, NOTHING)
  redis.call('HDEL', holders, wave.holder)
  redis.call('ZREM', beats, wave.holder)
else
  redis.call('HSET', holders, wave.holder, cjson.encode(mine))
end
keep()
if lapsed then  -- a holder that is new, or was taken for dead
  for place = 1, 3 do redis.call('PEXPIRE', KEYS[place], wave.keep) end
end
return reply(lapsed and wave.life > 0 and 'lapsed' or 'ok', mine.life, asks, sends)
