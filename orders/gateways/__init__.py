"""What a payment provider must be able to do, and which one is used."""

from dataclasses import dataclass
from importlib import import_module
from typing import NamedTuple, Protocol

from django.conf import settings

from shop.money import Money


class Choice(NamedTuple):
    """A way to pay."""

    value: str
    label: str
    hint: str


class GatewayDown(Exception):
    """The provider did not answer: whether it has taken the money is not known."""


@dataclass(frozen=True)
class GatewayResult:
    """What the provider said: `status` is succeeded, declined or pending."""

    reference: str
    status: str
    reason: str = ""
    redirect_url: str = ""  # where the buyer goes on, if the provider wants to see them


class PaymentGateway(Protocol):
    """One provider. `create` must be idempotent: the same key is the same payment, and is asked once."""

    code: str

    def choices(self) -> list[Choice]:
        """The ways to pay, in the language of the moment."""
        ...

    def create(
        self, *, key: str, amount: Money, choice: str, description: str, return_url: str
    ) -> GatewayResult:
        """Ask for the money; GatewayDown if there was no answer. Never called in a transaction."""
        ...


def get() -> PaymentGateway:
    """The gateway that settings.PAYMENT_GATEWAY names."""
    return named(settings.PAYMENT_GATEWAY)


def named(code: str) -> PaymentGateway:
    """The gateway of that code: the module of this package."""
    gateway: PaymentGateway = import_module(f"{__name__}.{code}").gateway
    return gateway
