"""A table of one's own is served by the same code, at the addresses and in the words that it names."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from serving import LONG, TASK, Client

from lifecycle import Lifecycle
from lifecycle.deviate import draw
from lifecycle.serve import Clock, app

TABLE = Path(__file__).resolve().parent.parent / "tables" / "served" / "order.yaml"
BASE = "http://cloud/shop/v1"
BUYER, CLERK, RIVAL = "ann:home:buyer", "tom:shop:clerk", "eve:other:rival"
NEIGHBOUR = "bob:away:buyer"


class Shop:
    """Its clients have tokens with the table's own callers for roles."""

    def __init__(self, **options: int) -> None:
        self.clock = Clock(0)
        self.made = app(Lifecycle.load(TABLE), clock=self.clock, options=options)
        self.client = Client(self.made, self.clock)

    def ask(self, method: str, path: str, body: object = ..., token: str | None = BUYER) -> httpx.Response:
        headers = {"X-Auth-Token": token} if token else {}
        return self.client.ask(method, BASE + path, body, "nobody", headers=headers)

    def place(self) -> str:
        reply = self.ask("POST", "/orders", {"item": "tea"})
        assert reply.status_code == 201
        return str(reply.json()["order"]["number"])

    def do(self, order: str, action: str, token: str = BUYER) -> int:
        return self.ask("POST", f"/orders/{order}/do", {action: None}, token).status_code

    def show(self, order: str, token: str = BUYER) -> dict[str, Any]:
        shown: dict[str, Any] = self.ask("GET", f"/orders/{order}", token=token).json()["order"]
        return shown


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop()
    yield made
    made.made.state.cloud.store.close()


def test_a_thing_lives_its_whole_life(shop: Shop) -> None:
    order = shop.place()
    shown = shop.show(order)
    assert (shown["status"], shown["item"], shown["customer"], shown["held"]) == ("open", "tea", "home", False)
    assert shop.do(order, "send", CLERK) == 202
    assert shop.show(order)["status"] == "packing"
    shop.clock.advance(TASK)
    assert shop.show(order)["status"] == "sent"
    assert [one["number"] for one in shop.ask("GET", "/orders").json()["orders"]] == [order]
    other = shop.place()
    for query, numbers in (("status=sent", [order]), ("status=OPEN", [other]), ("status=lost", []), ("", [other, order])):
        assert [one["number"] for one in shop.ask("GET", f"/orders?{query}").json()["orders"]] == numbers
    assert shop.ask("DELETE", f"/orders/{other}").status_code == 204
    assert shop.ask("GET", f"/orders/{other}").status_code == 404


@pytest.mark.parametrize(
    ("asked", "token", "code", "message"),
    [
        (("POST", "/orders", {"item": "tea"}), None, 401, "Who are you?"),
        (("POST", "/orders", {"item": ""}), BUYER, 422, None),
        (("POST", "/orders", {"goods": "tea"}), BUYER, 422, None),
        (("GET", "/orders/none", ...), BUYER, 404, "There is no order none."),
        (("GET", "/orders/{id}", ...), RIVAL, 404, "There is no order {id}."),
        (("GET", "/orders/{id}", ...), NEIGHBOUR, 404, "There is no order {id}."),
        (("POST", "/orders/{id}/do", {"hold": None}), NEIGHBOUR, 404, "There is no order {id}."),
        (("POST", "/orders/{id}/do", {"send": None}), BUYER, 403, "That is for the shop to do."),
        (("POST", "/orders/{id}/do", {"eat": None}), BUYER, 400, "Nobody can eat an order."),
        (("PUT", "/orders/{id}", {}), BUYER, 405, "Not like this."),
        (("GET", "/servers", ...), BUYER, 404, "There is nothing here."),
        (("GET", "/orders?limit=x", ...), BUYER, 400, "x is no limit."),
    ],
)
def test_it_refuses_in_its_own_words(
    shop: Shop, asked: tuple[str, str, object], token: str | None, code: int, message: str | None
) -> None:
    order = shop.place()
    method, path, body = asked
    reply = shop.ask(method, path.format(id=order), body, token)
    assert (reply.status_code, [*reply.json()]) == (code, ["problem"])
    assert message is None or reply.json()["problem"]["message"] == message.format(id=order)


def test_locks_facts_and_roles_are_its_own(shop: Shop) -> None:
    order = shop.place()
    assert shop.do(order, "hold") == 204
    assert shop.show(order)["held"]
    assert shop.ask("DELETE", f"/orders/{order}").status_code == 423
    assert shop.do(order, "release", CLERK) == 204
    facts = {"facts": {"stock": False}}
    assert shop.client.ask("POST", f"http://cloud/control/things/{order}", facts, "", headers={"X-Auth-Token": CLERK}).is_success
    assert (shop.show(order, CLERK)["stock"], "stock" in shop.show(order)) == ("no", False)
    assert shop.do(order, "send", CLERK) == 409


def test_its_events_happen() -> None:
    shop = Shop(patience=60)
    order = shop.place()
    shop.clock.advance(59)
    assert shop.show(order)["status"] == "open"
    shop.clock.advance(LONG)
    assert shop.ask("GET", f"/orders/{order}").status_code == 404
    shop.made.state.cloud.store.close()


def test_it_is_wrong_on_demand_too(shop: Shop) -> None:
    order = shop.place()
    for seed in range(30):
        shop.made.state.cloud.deviate(draw(Lifecycle.load(TABLE), 1, seed))
        for method, path, body in (("GET", f"/orders/{order}", ...), ("POST", "/orders", {"item": "x"}), ("GET", "/orders", ...)):
            assert shop.ask(method, path, body).status_code < 500
    shop.made.state.cloud.deviate([])
    assert shop.show(order)["item"] == "tea"
