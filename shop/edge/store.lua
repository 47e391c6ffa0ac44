-- The page store, run behind marks.lua in one script: KEYS[2] is a page (epoch, counter, slots, head, body), KEYS[3]
-- says who renders it.

-- fresh: none of its keys was marked since it was begun. Else its older self, if there is one, the LSN of the last
-- mark of its keys, and either the right to render it, for `patience` ms, or the news that somebody does.
function act.look(token, patience)
    local needs = '0'
    local page = redis.call('HMGET', KEYS[2], 'epoch', 'counter', 'slots', 'head', 'body')
    if page[1] then
        local found = act.judge(page[1], page[3])
        if found and tonumber(found[1]) <= tonumber(page[2]) then
            return {'fresh', redis.call('PTTL', KEYS[2]), page[4], page[5], needs}
        end
        needs = found and found[2] or needs
    end
    local is_mine = redis.call('SET', KEYS[3], token, 'NX', 'PX', patience)
    return {is_mine and 'render' or 'wait', 0, page[4], page[5], needs}
end

-- Nobody renders it any more, if it was us.
function act.leave(token)
    if redis.call('GET', KEYS[3]) == token then redis.call('DEL', KEYS[3]) end
end

-- Nor is there an older self to send meanwhile: what it became is not stored.
function act.forget(token)
    redis.call('DEL', KEYS[2])
    act.leave(token)
end

function act.keep(token, milliseconds, epoch, counter, slots, head, body, shows)
    if own('epoch') == epoch then
        redis.call('HSET', KEYS[2], 'epoch', epoch, 'counter', counter, 'slots', slots, 'head', head, 'body', body)
        redis.call('PEXPIRE', KEYS[2], milliseconds)
        note(string.sub(KEYS[2], -16), milliseconds, shows)
    end
    act.leave(token)
end
