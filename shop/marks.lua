-- The hash of marks (KEYS[1]): epoch, proposed, counter, timeline, lsn, and a field for each marked slot, "counter
-- LSN". LSNs are texts of 20 digits, and compared as such: Lua's own numbers are exact up to 2^53 only.

-- An epoch ends in the run_id of the server that gave it: a replica that was promoted inherits the epoch without
-- the last marks, and has a run_id of its own.
local run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local function own(field)
    local text = redis.call('HGET', KEYS[1], field)
    return text and string.sub(text, -#run_id) == run_id and text
end

local act = {}

-- The epoch that stands: epoch, counter, timeline, LSN. If there is none, or it is the one to end: what is proposed,
-- the same to all who ask until one of them settles it.
function act.begin(token, ended)
    local epoch = own('epoch')
    if epoch and epoch ~= ended then
        return {epoch, unpack(redis.call('HMGET', KEYS[1], 'counter', 'timeline', 'lsn'))}
    end
    if epoch or not own('proposed') then
        redis.call('UNLINK', KEYS[1])
        redis.call('HSET', KEYS[1], 'proposed', token .. run_id)
    end
    return {own('proposed')}
end

-- The proposal becomes the epoch, from an LSN read after it was made; nothing if a flush has taken it since.
function act.settle(proposed, timeline, lsn)
    if own('proposed') == proposed then
        redis.call('HDEL', KEYS[1], 'proposed')
        redis.call('HSET', KEYS[1], 'epoch', proposed, 'counter', 0, 'timeline', timeline, 'lsn', lsn)
    end
end

-- Raises the counter and sets it for the slots (ARGV from the fifth); the new counter, or false.
function act.mark(epoch, timeline, lsn)
    if own('epoch') ~= epoch or redis.call('HGET', KEYS[1], 'timeline') ~= timeline then return false end
    local counter = string.format('%d', redis.call('HINCRBY', KEYS[1], 'counter', 1))
    for at = 5, #ARGV do
        local mark = redis.call('HGET', KEYS[1], ARGV[at])
        local before = mark and string.sub(mark, -20) or ''
        redis.call('HSET', KEYS[1], ARGV[at], counter .. ' ' .. (before > lsn and before or lsn))
    end
    return counter
end

-- The highest counter and the highest LSN of the slots (ARGV from the third), or false.
function act.judge(epoch)
    if own('epoch') ~= epoch then return false end
    local counter, lsn = 0, '0'
    for at = 3, #ARGV do
        local mark = redis.call('HGET', KEYS[1], ARGV[at])
        if mark then
            local its = string.sub(mark, -20)
            counter = math.max(counter, tonumber(string.sub(mark, 1, -22)))
            lsn = its > lsn and its or lsn
        end
    end
    return {string.format('%d', counter), lsn}
end

return act[ARGV[1]](unpack(ARGV, 2, 4))
