"""What `make stack` starts: the whole of a production on one machine, as real processes."""

import contextlib
import os
import shlex
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, islice
from pathlib import Path

from shop import embedded, opening
from shop.processes import Program, Supervisor
from shop.terminal import CLONE, say, shown, step

HOME = opening.Home(CLONE / ".stack", "stack")
EDGE = CLONE / "shop" / "edge"
NODES = 2
MANY = 10_000  # products
# The headers of a kept page stand in the log as the answer's already.
MEMORY = (
    *("-s", "malloc,512m", "-p", "vsl_space=16M"),
    *("-p", "vsl_mask=-ObjHeader,-ObjProtocol,-ObjReason,-ObjStatus"),
)
ORIGINS = """# Written by shop/stack.py at each start.
import directors;

probe healthz {
    .url = "/healthz";
    .interval = 1s;
    .timeout = 1s;
    .window = 4;
    .threshold = 2;
    .initial = 2;
}

sub vcl_init {
    new origins = directors.round_robin();
}
"""
ORIGIN = """
backend {name} {{
    .host = "127.0.0.1";
    .port = "{port}";
    .host_header = "localhost";
    .probe = healthz;
    .connect_timeout = 2s;
    .first_byte_timeout = 30s;
    .between_bytes_timeout = 30s;
}}

sub vcl_init {{
    origins.add_backend({name});
}}
"""
WELCOME = """
  Production is open after {seconds:.0f} s.

    Shop   http://127.0.0.1:{port}
    Admin  http://127.0.0.1:{port}/admin/
           merchant@deckle.test, password paper-and-ink
    Mail   http://127.0.0.1:{port}/dev/mail/
    Nodes  {nodes}: they answer the edge only
    Logs   {logs}/

  Commands for it: set -a; . {environment}; set +a; .venv/bin/python manage.py …
  Ctrl-C closes it; the data stay for the next time.
"""


def stack() -> None:
    """Run production until someone says stop."""
    began_at = time.monotonic()
    port = opening.number("PORT", 8080, "stack PORT=8090")
    delay = opening.number("REPLICA_DELAY", 0, "stack REPLICA_DELAY=5")
    products = opening.number("PRODUCTS", 0, "stack PRODUCTS=100000")
    with HOME.alone(f"http://127.0.0.1:{port}"), contextlib.ExitStack() as running:
        HOME.check_port(port)
        varnishd = edge_program()
        with step("Starting PostgreSQL, its replica and Redis"):
            urls = running.enter_context(embedded.services(HOME.folder, replica_delay=delay * 1000))
        settle(environment(urls, port))
        ports = list(islice(free_ports(port + 1), NODES))
        nodes = [opening.web(f"web-{place}", each, workers=1) for place, each in enumerate(ports, 1)]
        edge = Program("edge", edge_command(varnishd, port, ports))
        supervisor = Supervisor([*nodes, edge, *opening.behind()], HOME.logs, lambda line: say(f"  {line}"))
        running.callback(supervisor.stop)
        HOME.prepare(is_own_database=True)
        for program in (*nodes, edge):
            supervisor.start(program)  # they open while the goods are looked for; those let pages go
        with step("Putting the goods on the shelves", has_lines=True):
            fill(products)
        with step(f"Opening {NODES} web nodes"):
            for node, each in zip(nodes, ports, strict=True):
                opening.wait_for(supervisor, node, each, ["/healthz"])
        with step("Opening Varnish before them"):
            opening.wait_for(supervisor, edge, port, ["/healthz", "/"])
        say("  Starting the relay and a worker for each queue …")
        say(
            WELCOME.format(
                seconds=time.monotonic() - began_at,
                port=port,
                nodes=", ".join(f"http://127.0.0.1:{each}" for each in ports),
                logs=shown(HOME.logs),
                environment=shown(HOME.folder / "environment"),
            )
        )
        supervisor.watch()  # which starts what is not running yet


def edge_program() -> str:
    """varnishd, where the machine has it and the modules that our VCL needs."""
    found = shutil.which("varnishd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    modules = [*Path("/usr/lib").glob("*/varnish/vmods"), *Path("/usr/lib").glob("varnish/vmods")]
    if not found or not any((folder / "libvmod_xkey.so").exists() for folder in modules):
        raise opening.Failed("Varnish with its modules is missing: `make services` installs it.")
    return found


def environment(urls: embedded.Urls, port: int) -> dict[str, str]:
    """The settings of this production."""
    address = f"http://127.0.0.1:{port}"
    return {
        "DEBUG": "false",
        "DEMO": "true",  # mails are read at /dev/mail/
        "SECRET_KEY": embedded.secret(HOME.folder, "secret_key"),
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
        "SITE_URL": address,
        "BEHIND_PROXY": "true",
        "PROXY_HOPS": "1",
        "DATABASE_URL": str(urls.database),
        "DATABASE_REPLICA_URLS": str(urls.replica),
        "REDIS_URL": str(urls.redis),
        "MEDIA_ROOT": str(HOME.folder / "media"),
        "PRIVATE_ROOT": str(HOME.folder / "private"),
        "STATIC_ROOT": str(HOME.folder / "static"),
        "MAILBOX_DIR": str(HOME.folder / "mail"),
        "EDGE_BACKEND": "varnish",
        "VARNISH_NODES": address,
        "EDGE_SECRET": embedded.secret(HOME.folder, "edge_secret"),
    }


def settle(settings: Mapping[str, str]) -> None:
    """Give them to what we start and, in a file that only we may read, to whoever types commands."""
    for name in settings:
        os.environ.pop(f"{name}_FILE", None)
    os.environ.update(settings)
    path = HOME.folder / "environment"
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in settings.items()))


def free_ports(first: int) -> Iterator[int]:
    """From the first one on."""
    for port in count(first):
        if port > 65_535:
            raise opening.Failed(f"No port above {first} is free: try `make stack PORT=8090`.")
        if opening.is_free(port):
            yield port


def edge_command(varnishd: str, port: int, nodes: Sequence[int]) -> list[str]:
    """Varnish with our VCL before these nodes."""
    backends = (ORIGIN.format(name=f"web{place}", port=node) for place, node in enumerate(nodes, 1))
    (HOME.folder / "origins.vcl").write_text(ORIGINS + "".join(backends))
    command = [varnishd, "-F", "-j", "none", "-n", str(HOME.folder / "varnish"), "-a", f"127.0.0.1:{port}"]
    command += ["-f", str(EDGE / "default.vcl"), "-p", f"vcl_path={HOME.folder}:{EDGE}"]
    return [*command, *MEMORY]


def fill(wanted: int) -> None:
    """The demo's goods, as many more of the kind, and what CATALOGUE names. What is there stays."""
    catalogue, imported = os.environ.get("CATALOGUE", "").strip(), HOME.folder / "imported"
    # Generated goods share the pictures that are drawn by then; drawing them all takes some minutes as well.
    HOME.run("load_demo", *(["--all-pictures"] if wanted >= MANY else []), is_shown=True)
    if wanted:
        HOME.run("generate_catalog", "--up-to", str(wanted), is_shown=True)
    done = imported.read_text().splitlines() if imported.exists() else []
    if catalogue and catalogue not in done:
        HOME.run("import_catalog", *shlex.split(catalogue), is_shown=True)
        imported.write_text("\n".join([*done, catalogue, ""]))


def reset() -> None:
    """Remove production's data; refuses while someone uses them."""
    embedded.reset(HOME.folder)
    say("Production's data are gone; `make stack` begins anew.")


def main(arguments: Sequence[str]) -> int:
    """`python -m shop.stack up|reset`; the exit status."""
    return opening.main({"up": stack, "reset": reset}, arguments, "shop.stack")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
