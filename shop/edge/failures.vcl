# Where the origin fails though its probe is well (its database is away, or a page has a bug): whoever asks gets
# the older page, if there is one, else the error; in both cases the origin is asked for the page once a second.

import vsthrottle;

sub vcl_hit {
    # The first to ask for a purged page gets the new one, also where nobody has asked for a while. They are sent
    # round, since only here it shows that an older page lies there: Varnish tells the fetch by If-None-Match, and
    # that of pages of 200 with an ETag only, of no redirect and of nothing that is gone.
    if (obj.ttl <= 0s && !req.http.X-Edge-Older && !req.http.X-Edge-Failed && std.healthy(req.backend_hint)
      && obj.ttl + std.duration(std.getenv("EDGE_GRACE"), 1s) < 0s) {
        if (vsthrottle.remaining("failing " + req.http.Host + req.url, 1, 1s) == 0) {
            call take_the_older;
            return (deliver);
        }
        set req.http.X-Edge-Older = "1";
        set req.grace = std.duration(std.getenv("EDGE_GRACE"), 1s);
        return (restart);
    }
}

sub vcl_miss {
    if (req.http.X-Edge-Failed) {
        # It is gone meanwhile.
        unset req.http.X-Edge-Older;
    }
    # Who waited for a fetch that failed does not begin another, one after the other.
    if (req.http.X-Edge-Older && vsthrottle.remaining("failing " + req.http.Host + req.url, 1, 1s) == 0) {
        call take_the_older;
        return (restart);
    }
}

sub vcl_synth {
    if (resp.status == 503 && req.http.X-Edge-Older && !req.http.X-Edge-Failed) {
        # A fetch was abandoned for an older page.
        call take_the_older;
        return (restart);
    }
}

sub take_the_older {
    set req.http.X-Edge-Failed = "1";
    set req.grace = 24h;
}

sub vcl_backend_error {
    # A node that died a moment ago, before its probe knows: another answers. Nothing is sent twice, since it
    # could be two orders, and nobody is asked again after a while: it would answer the same, and late.
    if (bereq.retries == 0 && bereq.method ~ "^(GET|HEAD)$" && now - bereq.time < 2.5s) {
        return (retry);
    }
    if (bereq.is_bgfetch || bereq.http.X-Edge-Older) {
        call failing;
        return (abandon);
    }
    if (!bereq.uncacheable) {
        call shared_for_a_second;
    }
    set beresp.http.Cache-Control = "no-store";
    set beresp.http.Content-Type = "text/plain; charset=utf-8";
    set beresp.http.Retry-After = "5";
    set beresp.body = "" + beresp.status + " " + beresp.reason;
    return (deliver);
}

sub shared_for_a_second {
    # There is no older page. Of a hundred who ask at once each would have it rendered in vain: one has, and all of
    # that second get its error. No purge need find it, no browser keeps it, and it says nothing to one visitor:
    # the origin has heard nothing of any (vcl_backend_fetch).
    set beresp.ttl = 1s;
    set beresp.grace = 0s;
    set beresp.keep = 0s;
    set beresp.http.Cache-Control = "no-store";
    unset beresp.http.Expires;
    unset beresp.http.Set-Cookie;
    unset beresp.http.Vary;
}

sub failing {
    # Remembered for a second: the one token of this page is taken.
    set bereq.http.X-Edge-Failed = vsthrottle.is_denied("failing " + bereq.http.Host + bereq.url, 1, 1s);
}
