"""A rendered page is sent again until one of its keys is marked; one process renders it at a time."""

import gzip
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from redis import Redis

from shop import marks
from shop.edge import freshness, rendering, store
from tests.edge.said import opened as opened
from tests.edge.said import shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("opened")]


def change(text: str = "second", key: str = "product/7") -> None:
    shop.text = text
    freshness.let_go({key})


def test_the_second_to_ask_is_answered_without_the_view(client: Client) -> None:
    first, second = client.get("/page/"), client.get("/page/")
    assert shop.asked == 1
    assert second.content == first.content
    assert second["X-Page-Store"] == "fresh"
    for name in ("xkey", "Cache-Control", "ETag", "Content-Type", "X-Frame-Options"):
        assert second[name] == first[name]


def test_a_marked_key_ends_it(client: Client) -> None:
    client.get("/page/")
    change(key="product/8")
    assert b"first" in client.get("/page/").content
    change()
    assert b"second" in client.get("/page/").content
    change("third", key="html")
    assert b"third" in client.get("/page/").content


def test_a_flush_costs_a_rendering_and_no_truth(client: Client, redis: Redis) -> None:
    client.get("/page/")
    mark = redis.hgetall(marks.pages.hash)
    [stored] = [key for key in redis.keys("shop:page:*") if redis.type(key) == b"hash"]
    kept = redis.dump(stored)
    change()
    redis.flushdb()
    # What another epoch has kept comes back, the mark does not.
    redis.restore(stored, 0, kept)
    assert mark
    assert b"second" in client.get("/page/").content


def test_pages_tell_addresses_schemes_and_releases_apart(client: Client, settings: Any) -> None:
    for number, ask in enumerate(
        [
            lambda: client.get("/page/"),
            lambda: client.get("/page/?sort=new"),
            lambda: client.get("/page/", secure=True),
            lambda: client.get("/ending/"),
        ],
        start=1,
    ):
        ask(), ask()
        assert shop.asked == number
    settings.RELEASE = "another"
    store.release.cache_clear()
    client.get("/page/")
    assert shop.asked == 5
    settings.RELEASE = "tests"
    store.release.cache_clear()
    settings.EDGE_BACKEND, settings.FASTLY_SERVICE, settings.FASTLY_TOKEN = "fastly", "service", "token"
    assert "xkey" not in client.get("/page/")  # kept there without a key of its own, no purge would find it
    assert client.get("/page/")["Surrogate-Key"]
    assert shop.asked == 6


@pytest.mark.parametrize("address", ["/missing/", "/picture/", "/private/", "/nothing/", "/page/?x=1"])
def test_only_pages_that_were_found_and_may_change_are_stored(
    client: Client, redis: Redis, address: str
) -> None:
    client.get(address)
    assert redis.keys("shop:page:*") == []


@pytest.mark.parametrize(("left", "seconds"), [(200_500, 200), (900, 1)])
def test_an_older_page_has_less_time_left(client: Client, redis: Redis, left: int, seconds: int) -> None:
    """A second at least: what may not be kept at all, the edge asks for again for minutes."""
    client.get("/page/")
    [stored] = redis.keys("shop:page:*")
    redis.pexpire(stored, left)
    assert client.get("/page/")["Surrogate-Control"] == f"max-age={seconds}"


def test_a_page_with_a_fact_that_expires_is_not_kept_longer(client: Client, redis: Redis) -> None:
    client.get("/ending/")
    [stored] = redis.keys("shop:page:*")
    assert 28 <= redis.ttl(stored) <= 30


def test_in_the_last_second_of_a_fact_the_page_is_kept_for_one(client: Client) -> None:
    shop.lasts = 0.2
    assert client.get("/ending/")["Surrogate-Control"] == "max-age=1"


def test_each_client_gets_the_form_it_can_read(client: Client) -> None:
    for _ in range(2):
        packed = client.get("/page/", headers={"Accept-Encoding": "br, gzip"})
        plain = client.get("/page/")
        assert packed["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.content) == plain.content
        assert "Content-Encoding" not in plain
        assert packed["Vary"] == plain["Vary"] == "Accept-Encoding"
        assert packed["Content-Length"] == str(len(packed.content))
    assert shop.asked == 1


def test_a_browser_that_has_it_is_told_so(client: Client) -> None:
    tag_of_it = client.get("/page/")["ETag"]
    for _ in range(2):
        answer = client.get("/page/", headers={"If-None-Match": tag_of_it})
        assert (answer.status_code, answer.content) == (304, b"")
    change()
    assert client.get("/page/", headers={"If-None-Match": tag_of_it}).status_code == 200


def test_a_page_marked_while_it_was_rendered_lives_a_second_and_is_not_stored(client: Client) -> None:
    shop.meanwhile = [lambda: freshness.let_go({"product/7"})]
    assert client.get("/page/")["Surrogate-Control"] == "max-age=1"
    shop.meanwhile = []
    change()
    answer = client.get("/page/")
    assert b"second" in answer.content
    assert answer["Surrogate-Control"] == "max-age=600"


def test_broken_a_page_whose_marks_nobody_asks_for_stays(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test of the test: judged by what stands after rendering, the stale page is kept as fresh."""
    begin = marks.pages.begin
    original = rendering._record

    def late(path: str, answer: Any) -> Any:
        response, found = original(path, answer)
        late.begun = begin()  # type: ignore[attr-defined]
        return response, found

    monkeypatch.setattr(rendering, "_record", late)
    judged = rendering._judged
    monkeypatch.setattr(rendering, "_judged", lambda page, _begun, *_: judged(page, late.begun))  # type: ignore[attr-defined]
    shop.meanwhile = [lambda: change("second")]
    assert client.get("/page/")["Surrogate-Control"] == "max-age=600"
    shop.meanwhile = []
    assert b"first" in client.get("/page/").content


def together(count: int) -> list[Any]:
    def ask(_: int) -> Any:
        try:
            return Client().get("/page/")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(ask, range(count)))


def test_many_at_once_are_one_rendering() -> None:
    shop.seconds = 0.1
    answers = together(12)
    assert {answer.content for answer in answers} == {b"<p>first</p>" * 100}
    assert shop.asked == 1


def test_who_cannot_wait_gets_the_page_as_it_was_which_nobody_keeps(client: Client) -> None:
    client.get("/page/")
    change()
    shop.seconds = 1.0
    with ThreadPoolExecutor(1) as pool:
        rendering_it = pool.submit(lambda: Client().get("/page/"))
        time.sleep(0.2)
        before = client.get("/page/")
        assert b"first" in before.content
        assert before["Cache-Control"] == "private, no-store"
        assert "Surrogate-Control" not in before
        assert b"second" in rendering_it.result().content
    assert shop.asked == 2


def test_what_is_withdrawn_is_not_sent_as_it_was(client: Client) -> None:
    """Each time that somebody asks anew, others would get the withdrawn page: until its time is over."""
    client.get("/page/")
    change()
    shop.status = 404
    assert client.get("/page/").status_code == 404
    shop.seconds = 0.6
    assert [answer.status_code for answer in together(3)] == [404] * 3


def test_while_it_fails_the_page_is_sent_as_it_was_to_who_cannot_wait(client: Client) -> None:
    client.get("/page/")
    change()
    client.raise_request_exception = False
    shop.meanwhile = [lambda: 1 / 0]
    assert client.get("/page/").status_code == 500
    shop.seconds, shop.meanwhile = 0.6, []
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: Client().get("/page/"))
        time.sleep(0.2)
        assert b"first" in client.get("/page/").content


@pytest.mark.parametrize("field", ["head", "body"])
@pytest.mark.parametrize("rubbish", [b"", b"rubbish", b"[1, []]"])
def test_what_is_not_whole_is_rendered_anew(client: Client, redis: Redis, field: str, rubbish: bytes) -> None:
    client.get("/page/")
    [stored] = redis.keys("shop:page:*")
    redis.hset(stored, field, rubbish)
    for _ in range(2):
        assert b"first" in client.get("/page/", headers={"Accept-Encoding": "identity"}).content
    assert shop.asked == 2


def test_a_host_that_is_not_ours_gets_no_page(client: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    client.get("/page/")
    assert client.get("/page/", headers={"Host": "evil.example"}).status_code == 400


def test_whoever_dies_while_rendering_blocks_the_page_for_seconds_only(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PATIENCE", 0.3)
    monkeypatch.setattr(store, "_keep", lambda *_: None)
    client.get("/page/")
    began = time.monotonic()
    client.get("/page/")
    assert shop.asked == 2
    assert 0.2 < time.monotonic() - began < 4


def test_an_error_gives_the_page_back(client: Client, redis: Redis) -> None:
    client.raise_request_exception = False
    shop.meanwhile = [lambda: 1 / 0]
    assert client.get("/page/").status_code == 500
    assert redis.keys("shop:page:*") == []


def test_without_redis_pages_are_rendered_and_live_ten_seconds(client: Client, settings: Any) -> None:
    settings.MARKS_URL = "redis://127.0.0.1:9/0"
    for _ in range(2):
        answer = client.get("/page/")
        assert answer.status_code == 200
        assert answer["Surrogate-Control"] == "max-age=10"
    assert shop.asked == 2


def test_redis_may_go_while_a_page_is_rendered(client: Client, settings: Any) -> None:
    before = settings.MARKS_URL
    shop.meanwhile = [lambda: setattr(settings, "MARKS_URL", "redis://127.0.0.1:9/0")]
    assert client.get("/page/")["Surrogate-Control"] == "max-age=10"
    settings.MARKS_URL, shop.meanwhile = before, []


def test_a_stopped_redis_costs_less_than_half_a_second(client: Client, settings: Any) -> None:
    settings.REDIS_TIMEOUT_MS = 150
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        settings.MARKS_URL = f"redis://127.0.0.1:{deaf.getsockname()[1]}/0"
        began = time.monotonic()
        assert client.get("/page/").status_code == 200
        assert time.monotonic() - began < 0.5
