"""Forms of the account, and the text fields that every form of the shop is made of."""

import unicodedata
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext_lazy as _


def is_storable(text: str) -> bool:
    """No control characters and no lone surrogates, on which PostgreSQL or an encoder would fail."""
    return not any(unicodedata.category(char) in {"Cc", "Cs"} for char in text)


class Line(forms.CharField):
    """One line of text, with its runs of white space made single."""

    default_error_messages = {"control": _("Please leave out control characters.")}

    def __init__(self, *, autocomplete: str = "", inputmode: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
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


class EmailLine(Line):
    """An e-mail address; the text says what is wrong with it."""

    widget = forms.EmailInput
    default_error_messages = {
        "at": _("An e-mail address has an @, as in name@example.com."),
        "space": _("Please leave out the spaces."),
        "domain": _("The part after the @ is not complete, as in name@example.com."),
        "invalid": _("Please check the address; it should look like name@example.com."),
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 254)
        kwargs.setdefault("autocomplete", "email")
        kwargs.setdefault("inputmode", "email")
        super().__init__(**kwargs)

    def validate(self, value: str) -> None:
        super().validate(value)
        if not value:
            return
        domain = value.rpartition("@")[2]
        if "@" not in value:
            problem = "at"
        elif " " in value:
            problem = "space"
        elif "." not in domain or domain.endswith("."):
            problem = "domain"
        else:
            problem = "invalid"
        EmailValidator(self.error_messages[problem], code=problem)(value)


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


class RegisterForm(forms.Form):
    """A new account: no composition rules, a length is enough."""

    email = EmailLine(label=_("E-mail"), error_messages={"required": _("Please enter your e-mail address.")})
    name = Line(
        label=_("Full name"),
        max_length=120,
        autocomplete="name",
        error_messages={"required": _("Please enter your name.")},
    )
    password = Password(
        label=_("Password"),
        autocomplete="new-password",
        help_text=_("8 characters or more; a few words make a good one."),
        error_messages={"required": _("Please choose a password.")},
    )

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        validate_password(password)
        return password
