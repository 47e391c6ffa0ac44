# What no page of the shop needs, and the edge answers by itself.

sub refuse {
    if (req.method != "GET" && req.method !~ "^(HEAD|POST|PURGE)$") {
        return (synth(405));
    }
    if (!req.http.Host) {
        return (synth(400));
    }
    if (req.url ~ "^.{4097}") {
        return (synth(414));
    }
    # What no page of a shop is called, and every scanner asks for.
    if (req.url ~ "[.%]" && req.url ~ "(?i)^[^?]*(%00|\.\.(/|%2f)|/\.(env|git|svn|hg|ht|aws|ssh)|\.(php|aspx?|jsp|cgi)([/?]|$))") {
        return (synth(404));
    }
}
