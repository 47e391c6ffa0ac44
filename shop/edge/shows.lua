-- Which pages of the store show a thing: KEYS by name, each a sorted set of pages by the millisecond they are over at.

local WEEK = '604800'  -- seconds; what is noted once more begins anew

local function now()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- This page, for so long, shows what these keys (one text) are about. Of a page rendered again, one call a key: all
-- numbers are texts, which costs less, and the set is tidied and lasts on when another page comes to it.
local function note(page, milliseconds, keys)
    local began = now()
    local past, over = string.format('%d', began), string.format('%d', began + milliseconds)
    for key in string.gmatch(keys, '%S+') do
        local set = 'shop:shows:' .. key
        if redis.call('ZADD', set, over, page) == 1 then
            redis.call('ZREMRANGEBYSCORE', set, '0', past)
            redis.call('EXPIRE', set, WEEK)
        end
    end
end

-- How many pages that are not over show one of them.
function act.showing(keys)
    local seen, count, from = {}, 0, '(' .. string.format('%d', now())
    for key in string.gmatch(keys, '%S+') do
        for _, page in ipairs(redis.call('ZRANGEBYSCORE', 'shop:shows:' .. key, from, '+inf')) do
            if not seen[page] then seen[page], count = true, count + 1 end
        end
    end
    return count
end
