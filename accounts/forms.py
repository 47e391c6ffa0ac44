"""Forms of the account, and the text fields that every form of the shop is made of."""

import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User

# What is wrong with an entry in which this pattern finds something, in words; the first that does counts.
# The browser asks the same table when a field is left (data-mistakes), so the patterns are JavaScript's too.
Mistake = tuple[str, str | Promise]


def mistake_in(text: str, mistakes: Sequence[Mistake]) -> str | None:
    """What is wrong with it, in words; {found} in them is its length."""
    found = (told for pattern, told in mistakes if re.search(pattern, text, re.ASCII))
    told = next(found, None)
    return None if told is None else str(told).replace("{found}", str(len(text)))


def is_storable(text: str) -> bool:
    """No control characters and no lone surrogates, on which PostgreSQL or an encoder would fail."""
    return not any(unicodedata.category(char) in {"Cc", "Cs"} for char in text)


class Line(forms.CharField):
    """One line of text, with its runs of white space made single."""

    default_error_messages = {"control": _("Please leave out control characters.")}
    mistakes: Sequence[Mistake] = ()

    def __init__(
        self,
        *,
        autocomplete: str = "",
        inputmode: str = "",
        mistakes: Sequence[Mistake] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if mistakes is not None:
            self.mistakes = mistakes
        for name, value in (("autocomplete", autocomplete), ("inputmode", inputmode)):
            if value:
                self.widget.attrs[name] = value

    def to_python(self, value: Any) -> str:
        text = str(super().to_python(value))
        # Pasted text may hold tabs and line breaks; they are spaces here, every other control is an error.
        text = " ".join(text.split())
        if not is_storable(text):
            raise ValidationError(self.error_messages["control"], code="control")
        return unicodedata.normalize("NFC", text)

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and (told := mistake_in(value, self.mistakes)):
            raise ValidationError(told, code="mistake")

    @property
    def mistakes_json(self) -> str:
        """The table for the browser, in the reader's language; "" if there is none."""
        return json.dumps([[pattern, str(told)] for pattern, told in self.mistakes]) if self.mistakes else ""


class EmailLine(Line):
    """An e-mail address; the text says what is wrong with it."""

    widget = forms.EmailInput
    mistakes = (
        (r"^[^@]*$", _("An e-mail address has an @, as in name@example.com.")),
        (r"\s", _("Please leave out the spaces.")),
        (r"@.*@", _("An e-mail address has one @ only, as in name@example.com.")),
        (r"^@", _("The part before the @ is missing, as in name@example.com.")),
        (
            r"@(?:[^.]*|.*\.[^.]?)$",
            _("The part after the @ is not complete, as in name@example.com."),
        ),
        (
            r"^\.|\.\.|\.@|@\.|@-|-\.|\.-|-$",
            _("Please check the dots and hyphens; it should look like name@example.com."),
        ),
        (
            r"^[^@]*[^@.\w!#$%&'*+/=?^`{|}~\-]",
            _("Before the @ stand letters without accents, digits and signs such as . _ - and +."),
        ),
        (
            r"@.*[\x00-,/:-@[-`{-\x7f]",
            _("After the @ stand letters, digits, dots and hyphens, as in name@example.com."),
        ),
    )
    default_error_messages = {"invalid": _("Please check the address; it should look like name@example.com.")}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 254)
        kwargs.setdefault("autocomplete", "email")
        kwargs.setdefault("inputmode", "email")
        super().__init__(**kwargs)

    def validate(self, value: str) -> None:
        super().validate(value)
        if value:
            EmailValidator(self.error_messages["invalid"], code="invalid")(value)


class Password(forms.CharField):
    """A password, as it was typed; pasting and password managers are welcome."""

    widget = forms.PasswordInput
    default_error_messages = {"control": _("Please leave out control characters.")}

    def __init__(self, *, autocomplete: str = "current-password", **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 256)
        super().__init__(strip=False, **kwargs)
        self.widget.attrs["autocomplete"] = autocomplete

    def to_python(self, value: Any) -> str:
        text = str(super().to_python(value))
        if not is_storable(text):
            raise ValidationError(self.error_messages["control"], code="control")
        return text


class LoginForm(forms.Form):
    """Address and password."""

    email = EmailLine(
        label=_("E-mail"),
        autocomplete="username",
        error_messages={"required": _("Please enter the e-mail address of your account.")},
    )
    password = Password(label=_("Password"), error_messages={"required": _("Please enter your password.")})


class NewPassword(Password):
    """A password to be: no composition rules, a length is enough."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", _("8 characters or more; a few words make a good one."))
        kwargs.setdefault("error_messages", {"required": _("Please choose a password.")})
        super().__init__(autocomplete="new-password", **kwargs)

    def validate(self, value: str) -> None:
        super().validate(value)
        validate_password(value)


class RegisterForm(forms.Form):
    """A new account."""

    email = EmailLine(label=_("E-mail"), error_messages={"required": _("Please enter your e-mail address.")})
    name = Line(
        label=_("Full name"),
        max_length=120,
        autocomplete="name",
        error_messages={"required": _("Please enter your name.")},
    )
    password = NewPassword(label=_("Password"))


class ResetForm(forms.Form):
    """Where the link to a new password goes."""

    email = EmailLine(
        label=_("E-mail"),
        autocomplete="username",
        error_messages={"required": _("Please enter the e-mail address of your account.")},
    )


class NewPasswordForm(forms.Form):
    """A new password, by a link that says whose."""

    password = NewPassword(label=_("New password"))


class OwnerForm(forms.Form):
    """What only the account's owner may change: the password is asked for, and compared."""

    old = Password(
        label=_("Your password now"),
        error_messages={"required": _("Please enter the password you have now.")},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_old(self) -> str:
        old = str(self.cleaned_data["old"])
        if not self.user.check_password(old):
            raise ValidationError(_("This is not the password of your account."), code="wrong")
        return old


class PasswordForm(OwnerForm):
    """The old password and a new one."""

    password = NewPassword(label=_("New password"))

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        # Told only to who knew it: without the right old one there is nothing to compare with.
        if password == self.cleaned_data.get("old"):
            raise ValidationError(
                _("This is the password you have now. Please choose another one."), code="same"
            )
        return password


class EmailForm(OwnerForm):
    """Another address; the password shows that it is the owner who asks."""

    email = EmailLine(
        label=_("New e-mail address"), error_messages={"required": _("Please enter the new address.")}
    )
    field_order = ("email", "old")

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        if email == self.user.email:
            raise ValidationError(_("This is the address of your account already."), code="same")
        return email


class NameForm(forms.Form):
    """What the account's owner is called."""

    name = Line(
        label=_("Full name"),
        max_length=120,
        autocomplete="name",
        error_messages={"required": _("Please enter your name.")},
    )
