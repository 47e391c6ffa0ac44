# The edge we ship (Varnish 7.1 with varnish-modules): keeps what the origin declared public, lets it go by key.
#
#   EDGE_SECRET=… varnishd -f default.vcl -p vcl_path=<folder of your origins.vcl>:<this folder>
# EDGE_SECRET            shown by who may purge and by a TLS proxy in front of us; shown by us to the origin. Required.
# EDGE_SECRET_FALLBACKS  comma-separated: believed as well, shown to nobody, while a new secret goes round.
# EDGE_GRACE             only for the test that shows why it is 1s: how long a purged page is sent while it is renewed.
#
# Header lines above 8 kB and requests above 32 kB are refused by varnishd itself (http_req_hdr_len, http_req_size).

vcl 4.1;

import header;
import std;
import str;
import xkey;

include "origins.vcl";
include "refusals.vcl";
include "failures.vcl";

sub vcl_init {
    if (std.getenv("EDGE_SECRET") == "") {
        return (fail("EDGE_SECRET is not set"));
    }
}

# --- From the browser ---------------------------------------------------------------------------------------

sub vcl_recv {
    if (req.restarts > 0) {
        # Sent round by failures.vcl, which has said how old a page may be.
        return (hash);
    }
    set req.backend_hint = origins.backend();
    # What most ask for is written as it should be: there is nothing to refuse, to let pass or to tidy up.
    if (req.method != "GET" || req.http.Host !~ "^[a-z0-9.-]*[a-z0-9-]$"
      || req.url !~ "^/([a-z]{2}(-[a-z0-9]{2,4})?/)?([cp]/[a-z0-9_-]{1,200}/)?$") {
        call refuse;
        call purge_keys;
        call vouch;
        call let_pass;
        call tidy_up;
    } else {
        call vouch;
    }
    return (hash);
}

sub let_pass {
    # One visitor's: never looked up, never waits for another's. A test holds this list against the URLconf;
    # a market's prefix may stand before it (PREFIX in shop/markets.py).
    if (req.method == "POST" || req.url ~
      "^(/[a-z]{2}(-[a-z0-9]{2,4})?)?/(account|admin|cart|checkout|dev|healthz|order|payments|readyz|search/seen|track)([/?#]|$)") {
        return (pass);
    }
    # A letter of a path can be written in two ways, and a name of n letters in 2^n: kept, they would fill us.
    if (req.url ~ "^[^?]*%") {
        return (pass);
    }
}

sub tidy_up {
    # The same for everyone: one page, one address. Cookies go no further than here, see vcl_backend_fetch.
    # Asked before it is done, here and above: what is set is logged, and a hit costs little else.
    if (req.http.Host ~ "[A-Z:]|\.$") {
        # With a dot at its end it is the same name, also to the origin.
        set req.http.Host = regsub(std.tolower(req.http.Host), "\.*(:[0-9]+)?$", "");
    }
    if (req.url ~ "#") {
        set req.url = regsub(req.url, "#.*$", "");
    }
    if (req.url ~ "\?") {
        # What campaigns append is for the browser's scripts (CAMPAIGN in parameters.py).
        set req.url = regsuball(req.url, "(?<=[?&])((utm|mtm|mc|pk)_[A-Za-z0-9_]*|_[A-Za-z0-9_]*|[A-Za-z_]*clid|[gw]braid|srsltid|igshid|ref)(=[^&]*)?(?=&|$)", "");
        # A form sends every field, filled in or not; the origin reads no blank (shop/edge/pages.py).
        set req.url = regsuball(req.url, "(?<=[?&])[^=&]*(=(\+|%20)*)?(?=&|$)", "");
        set req.url = regsuball(std.querysort(req.url), "(?<=[?&])&+", "");
        set req.url = regsub(req.url, "[?&]+$", "");
    }
}

sub vcl_hash {
    # Where http is redirected to https, the page is not for who asks by http. Beside address and host.
    if (req.http.X-Forwarded-Proto) {
        hash_data(req.http.X-Forwarded-Proto);
    }
}

sub purge_keys {
    unset req.http.X-Purged;
    if (req.method != "PURGE") {
        return;
    }
    call ask_secret;
    if (req.http.X-Edge-Secret != "known") {
        return (synth(403));
    }
    set req.http.X-Purged = xkey.softpurge(req.http.X-Purge-Keys);
    return (synth(200, "Purged"));
}

sub ask_secret {
    # "known" if it is ours, or was until lately: the secret itself goes no further.
    if (req.http.X-Edge-Secret == std.getenv("EDGE_SECRET") || (req.http.X-Edge-Secret ~ "^[^,]+$"
      && str.contains("," + std.getenv("EDGE_SECRET_FALLBACKS") + ",", "," + req.http.X-Edge-Secret + ","))) {
        set req.http.X-Edge-Secret = "known";
    } else {
        unset req.http.X-Edge-Secret;
    }
}

sub vouch {
    # Whose word counts on who asks and how: a TLS proxy of ours, which shows the secret, else our own.
    if (req.http.X-Edge-Secret) {
        call ask_secret;
    }
    if (req.http.X-Edge-Secret != "known") {
        if (req.http.X-Forwarded-For != "" + client.ip) {
            set req.http.X-Forwarded-For = client.ip;
        }
        unset req.http.X-Forwarded-Proto;
        if (std.port(server.ip) == 443) {
            set req.http.X-Forwarded-Proto = "https";
        }
    }
    if (req.http.X-Forwarded-Proto != "https") {
        unset req.http.X-Forwarded-Proto;  # http, see vcl_backend_fetch
    }
    unset req.http.X-Edge-Secret;
    unset req.http.X-Edge-Failed;
    unset req.http.X-Edge-Older;
    # Tests, and the canary, ask whether it was kept.
    if (req.http.X-Edge-Debug) {
        set req.http.X-Edge-Debug = (req.http.X-Edge-Debug == std.getenv("EDGE_SECRET"));
    }
}

# --- From the origin ----------------------------------------------------------------------------------------

sub vcl_backend_fetch {
    if (bereq.is_bgfetch && bereq.http.X-Edge-Failed) {
        return (abandon);
    }
    if (bereq.retries > 0) {
        return (fetch);
    }
    if (bereq.uncacheable) {
        # What other proxies say, and no origin should believe.
        header.regsub(bereq, "(?i)^(Forwarded[^:]*|X-Forwarded(?!-(For|Proto):)[^:]*|X-(Original|Rewrite|HTTP|Method|Edge|Purge)[^:]*|X-Host|Proxy|[^:]*-IP):.*$", "X-Edge-Dropped: 1");
    } else {
        # A page for everyone is asked for with nothing that anybody could have written.
        header.regsub(bereq, "(?i)^(?!(Host|Accept-Encoding|X-Forwarded-(For|Proto)|X-Edge-Older|X-Varnish):).*$", "X-Edge-Dropped: 1");
    }
    unset bereq.http.X-Edge-Dropped;
    if (!bereq.http.X-Forwarded-Proto) {
        set bereq.http.X-Forwarded-Proto = "http";
    }
    # A 304 would keep the older page's keys, and no later purge would find it by its new ones: the origin is
    # asked for all of it.
    unset bereq.http.If-None-Match;
    unset bereq.http.If-Modified-Since;
    set bereq.http.X-Edge-Secret = std.getenv("EDGE_SECRET");
}

sub vcl_backend_response {
    if (bereq.uncacheable) {
        call tell_no_browser;
        return (deliver);
    }
    if (beresp.status >= 500) {
        if (bereq.is_bgfetch || bereq.http.X-Edge-Older) {
            # The older page is better. A 404 or 410 is not abandoned: it is the new page.
            call failing;
            return (abandon);
        }
        call shared_for_a_second;
        call tell_no_browser;
        return (deliver);
    }
    if (beresp.http.Surrogate-Control !~ "(?i)(^|[ ,])max-age=[1-9]"
      || "" + beresp.status !~ "^(200|301|302|307|308|404|410)$"
      || beresp.http.Set-Cookie
      || beresp.http.Cache-Control ~ "(?i)private|no-store"
      || (beresp.http.Vary && beresp.http.Vary !~ "(?i)^accept-encoding$")) {
        call not_kept;
        call tell_no_browser;
        return (deliver);
    }
    set beresp.ttl = std.duration(
        regsub(beresp.http.Surrogate-Control, "(?i)^.*max-age=([0-9]+).*$", "\1") + "s", 0s);
    # From the request's begin (bereq.time, before any retry) to the last header (beresp.time). Who took longer
    # may have read before a change and come after both its purges, which are 2 s apart.
    if (beresp.time - bereq.time > 1.5s && beresp.ttl > 1s) {
        set beresp.ttl = 1s;
    }
    set beresp.grace = 24h;
    if (beresp.status == 302 || beresp.status == 404 || beresp.status == 410) {
        # Anybody can ask for any number of addresses that are none (STRANGE in pages.py): in memory for a day they
        # would push out pages. While the origin fails they are sent for ten minutes, then they are an error.
        set beresp.grace = 10m;
    }
    # Second line of keys, see Varnish in backends.py.
    if (beresp.http.xkey-2) {
        header.append(beresp.http.xkey, beresp.http.xkey-2);
    }
    call tell_no_browser;
    if (beresp.http.Content-Type ~ "(?i)^(text/|image/svg|application/(json|ld\+json|javascript|xml|manifest))") {
        # Once, for everyone; who cannot read it gets it unpacked.
        set beresp.do_gzip = true;
    }
    return (deliver);
}

sub tell_no_browser {
    # Here once, and not for each visitor; xkey must stay with the page, by it a purge finds it.
    unset beresp.http.Surrogate-Control;
    unset beresp.http.CDN-Cache-Control;
    unset beresp.http.Surrogate-Key;
    unset beresp.http.Cache-Tag;
    unset beresp.http.xkey-2;
    unset beresp.http.Server;
}

sub not_kept {
    # Hit-for-miss: those who waited ask at once and side by side, and so do the next, until a page may be kept.
    set beresp.ttl = 120s;
    set beresp.grace = 0s;
    set beresp.uncacheable = true;
}

# --- To the browser -----------------------------------------------------------------------------------------

sub vcl_deliver {
    unset resp.http.xkey;
    unset resp.http.Via;
    unset resp.http.X-Varnish;
    if (req.http.X-Edge-Debug == "true") {
        set resp.http.X-Cache = "stale";
        if (obj.uncacheable) {
            set resp.http.X-Cache = "pass";
        } elseif (obj.hits == 0) {
            set resp.http.X-Cache = "miss";
        } elseif (obj.ttl > 0s) {
            set resp.http.X-Cache = "hit";
        }
        set resp.http.X-Grace = obj.grace;
    }
    return (deliver);
}

sub vcl_synth {
    set resp.http.Cache-Control = "no-store";
    set resp.http.Content-Type = "text/plain; charset=utf-8";
    set resp.http.Allow = "GET, HEAD, POST";
    unset resp.http.Server;
    unset resp.http.X-Varnish;
    if (req.method == "PURGE" && req.http.X-Purged) {
        set resp.http.X-Purged = req.http.X-Purged;
    }
    set resp.body = "" + resp.status + " " + resp.reason;
    return (deliver);
}
