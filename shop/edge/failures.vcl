# Where the origin fails though its probe is well (its database is away, or a page has a bug): whoever asks gets
# the older page, if there is one, and the origin is asked for it once a second.

import vsthrottle;

sub vcl_miss {
    set req.http.X-Edge-Page = "1";
    # Who waited for a fetch that failed does not begin another, one after the other.
    if (req.restarts == 0 && vsthrottle.remaining("failing " + req.http.Host + req.url, 1, 1s) == 0) {
        return (restart);
    }
}

sub vcl_synth {
    if (resp.status == 503 && req.restarts == 0 && req.http.X-Edge-Page) {
        # A fetch was abandoned for an older page.
        return (restart);
    }
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
    call not_kept;
    set beresp.http.Cache-Control = "no-store";
    set beresp.http.Content-Type = "text/plain; charset=utf-8";
    set beresp.http.Retry-After = "5";
    set beresp.body = "" + beresp.status + " " + beresp.reason;
    return (deliver);
}

sub failing {
    # Remembered for a second: the one token of this page is taken.
    set bereq.http.X-Edge-Failed = vsthrottle.is_denied("failing " + bereq.http.Host + bereq.url, 1, 1s);
}
