-- The hash of marks (KEYS[1]): epoch, proposed, counter, timeline, lsn, and a field for each marked slot, "counter
-- LSN". LSNs are texts of 20 digits, and compared as such: Lua's own numbers are exact up to 2^53 only.

-- An epoch ends in the run_id of the server that gave it: a replica that was promoted inherits the epoch without
-- the last marks, and has a run_id of its own.
local run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local function own(field)
    local text = redis.call('HGET', KEYS[1], field)
    return text and string.sub(text, -#run_id) == run_id and text
end

-- The marks of slots ("7 42 …", one text: sixty arguments cost the shop more than sixty numbers do here), in
-- groups that Lua can unpack: their names, and their counters and LSNs or false.
local function groups(slots)
    local next_slot = string.gmatch(slots, '%d+')
    return function()
        local names = {}
        for name in next_slot do
            names[#names + 1] = name
            if #names == 1000 then break end
        end
        if #names > 0 then return names, redis.call('HMGET', KEYS[1], unpack(names)) end
    end
end

local act = {}

-- The epoch that stands: epoch, counter, timeline, LSN. If there is none, or it is the one to end: what is proposed,
-- the same to all who ask until one of them settles it.
function act.begin(token, ended)
    local epoch = own('epoch')
    if epoch and epoch ~= ended then
        return {epoch, unpack(redis.call('HMGET', KEYS[1], 'counter', 'timeline', 'lsn'))}
    end
    if not own('proposed') then
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

-- Raises the counter and sets it for the slots; the new counter, or false.
function act.mark(epoch, timeline, lsn, slots)
    if own('epoch') ~= epoch or redis.call('HGET', KEYS[1], 'timeline') ~= timeline then return false end
    local counter = string.format('%d', redis.call('HINCRBY', KEYS[1], 'counter', 1))
    for names, marks in groups(slots) do
        local written = {}
        for at, name in ipairs(names) do
            local before = marks[at] and string.sub(marks[at], -20) or ''
            written[2 * at - 1] = name
            written[2 * at] = counter .. ' ' .. (before > lsn and before or lsn)
        end
        redis.call('HSET', KEYS[1], unpack(written))
    end
    return counter
end

-- The highest counter and the highest LSN of the slots, or false.
function act.judge(epoch, slots)
    if own('epoch') ~= epoch then return false end
    local counter, lsn = 0, '0'
    for _, marks in groups(slots) do
        for _, mark in ipairs(marks) do
            if mark then
                local its = string.sub(mark, -20)
                counter = math.max(counter, tonumber(string.sub(mark, 1, -22)))
                lsn = its > lsn and its or lsn
            end
        end
    end
    return {string.format('%d', counter), lsn}
end
