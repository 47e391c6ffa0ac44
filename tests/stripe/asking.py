"""What only tests ask of the double, at /_double/…: faults, banks, events, and what it has been asked."""

from typing import Any

from tests.stripe.state import Row, shown


def answer(double: Any, what: str, sent: Row) -> Any:
    """Does it; nothing for what needs no answer."""
    state, delivery = double.state, double.delivery
    if what == "webhook":  # what was kept is not sent by itself
        delivery.url = sent["url"]
    elif what == "fault":
        double.faults.append({"times": 1, **sent})
    elif what == "bank":  # the transfer has arrived, or has not
        with state.lock:
            state.approve(state.intent(sent["intent"]))
    elif what == "refund":  # its bank has taken it, or has not
        with state.lock:
            state.end_refund(sent["refund"], sent["status"])
    elif what == "post":
        return [delivery.post(event) for event in sent["events"]]
    elif what == "events":
        return delivery.told
    elif what == "requests":
        return double.requests
    elif what == "state":
        with state.lock:
            found = {"intents": state.intents, "sessions": state.sessions, "refunds": state.refunds}
            return {name: [shown(row) for row in rows.values()] for name, rows in found.items()}
    return {}
