"""What a payment provider must be able to do, what it says, and which one is used."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import NamedTuple, Protocol

from django.conf import settings

from shop.money import Money
from shop.outbox.away import Away


class Choice(NamedTuple):
    """A way to pay."""

    value: str
    label: str
    hint: str


class GatewayDown(Away):
    """The provider did not answer: whether it has done what it was asked is not known. A job waits for it."""


class Refused(Exception):
    """The provider answered, and will not do that; nothing has happened."""


class BadSignature(Exception):
    """A webhook that the provider has not sent, or not just now."""


@dataclass(frozen=True)
class GatewayResult:
    """What the provider said of one payment.

    status: succeeded, authorized (captured later), pending (at the bank), open (the buyer has something to
    do), declined, withdrawn (ended without money). amount: what was, or would be, taken; None: as asked for.
    """

    reference: str
    status: str
    reason: str = ""
    redirect_url: str = ""  # where the buyer goes on, if the provider wants to see them
    amount: Money | None = None
    key: str = ""  # of the payment, where the provider has kept it
    also_known_as: str = ""  # what its refunds are told of, if that is not the reference
    is_foreign: bool = False  # begun by another shop, which has an account with this one


@dataclass(frozen=True)
class RefundResult:
    """What the provider said of one refund: `status` is succeeded, pending or failed."""

    reference: str
    status: str
    amount: Money
    reason: str = ""
    key: str = ""  # of our refund; "": made at the provider's desk


@dataclass(frozen=True)
class PaymentEvent:
    """A gateway's word on one payment. `key` finds the payment before its reference has been written.

    doubt: why it may not be believed ("of another account"): a success is held then, for a person to look at.
    """

    gateway: str
    reference: str
    status: str  # as in GatewayResult
    amount: Money
    key: str = ""
    reason: str = ""
    doubt: str = ""
    also_known_as: str = ""
    is_foreign: bool = False  # as in GatewayResult


@dataclass(frozen=True)
class RefundEvent:
    """A gateway's word on one refund of the payment `of`; no refund: look there what was sent back."""

    gateway: str
    of: str
    refund: RefundResult | None = None


@dataclass(frozen=True)
class Embedded:
    """What the review page needs to ask for the card itself; everything else is the page's script's business.

    script: the provider's own, which no page may keep a copy of. origins: what the page's policy lets in.
    """

    choice: str  # what the form says if they were used
    script: str
    key: str
    minor: int  # the amount in the currency's smallest unit
    currency: str
    capture: str
    account: str = ""  # of a platform's merchant
    origins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class PaymentGateway(Protocol):
    """One provider. Nothing here is ever called in a transaction or under a lock.

    Whatever asks for something takes a key: the same key is the same wish, and is granted once. GatewayDown
    if there was no answer. A `reference` is the one that `create` gave.
    """

    code: str

    def is_set_up(self) -> bool:
        """Whether its secrets are there, so that it can be spoken with though another one is in use."""
        ...

    def choices(self) -> list[Choice]:
        """The ways to pay, in the language of the moment."""
        ...

    def knows(self, choice: str) -> bool:
        """Whether a form may ask for it: one of the choices, or the page's own fields."""
        ...

    def embedded(self, amount: Money) -> Embedded | None:
        """For fields of the provider's on the review page; None if it has none."""
        ...

    def create(
        self,
        *,
        key: str,
        amount: Money,
        choice: str,
        description: str,
        return_url: str,
        token: str = "",
        email: str = "",
    ) -> GatewayResult:
        """Ask for the money. token: what the fields on the review page gave for it."""
        ...

    def fetch(self, reference: str) -> GatewayResult:
        """How it stands there now."""
        ...

    def capture(self, reference: str, *, key: str) -> GatewayResult:
        """Take what was authorized. Refused if that has ended."""
        ...

    def withdraw(self, reference: str, *, key: str) -> GatewayResult:
        """End what is open, so that nobody can pay it; how it stands then: money may have been faster."""
        ...

    def refund(self, reference: str, *, key: str, amount: Money) -> RefundResult:
        """Send a part or all of it back. Refused if that cannot be."""
        ...

    def refunds(self, reference: str) -> list[RefundResult]:
        """Everything that was sent back of it."""
        ...

    def refunded(self, since: datetime) -> Iterator[RefundEvent]:
        """Everything that was sent back since then, as it stands now."""
        ...

    def recent(self, since: datetime) -> Iterator[GatewayResult]:
        """What was begun there since then, whoever began it."""
        ...

    def read(self, body: bytes, headers: Mapping[str, str]) -> list[PaymentEvent | RefundEvent]:
        """What a webhook says; nothing for what does not concern us. BadSignature."""
        ...


CODES = ("stripe", "fake")  # each a module of this package


def heard() -> list[str]:
    """The gateway in use, and former ones whose secrets are still set: they have more to say of payments."""
    used = settings.PAYMENT_GATEWAY
    return [used, *(code for code in CODES if code != used and named(code).is_set_up())]


def get() -> PaymentGateway:
    """The gateway that settings.PAYMENT_GATEWAY names."""
    return named(settings.PAYMENT_GATEWAY)


def named(code: str) -> PaymentGateway:
    """The gateway of that code: the module of this package."""
    gateway: PaymentGateway = import_module(f"{__name__}.{code}").gateway
    return gateway
