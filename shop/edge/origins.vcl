# Where the pages come from: the part of the edge that differs from machine to machine. A deployment puts its
# own origins.vcl before this folder in varnishd's vcl_path; it must define the director `origins`.

import directors;

probe healthz {
    .url = "/healthz";
    .interval = 1s;
    .timeout = 1s;
    .window = 4;
    .threshold = 2;
    .initial = 2;
}

backend web {
    .host = "127.0.0.1";
    .port = "8000";
    # What the probe calls it: a name of ALLOWED_HOSTS, or every probe is a 400 and the origin is sick for ever.
    .host_header = "localhost";
    .probe = healthz;
    .connect_timeout = 2s;
    .first_byte_timeout = 30s;
    .between_bytes_timeout = 30s;
}

sub vcl_init {
    new origins = directors.round_robin();
    origins.add_backend(web);
}
