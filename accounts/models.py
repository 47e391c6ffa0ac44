"""Who is buying: a user is known by the e-mail address, and may keep postal addresses."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    """Creates users; addresses are compared without regard to case."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A user with a hashed password; ValueError without an address."""
        if not email:
            raise ValueError("a user needs an e-mail address")
        user = self.model(email=email.strip(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A user who may do everything in the admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.alias(folded=Lower("email")).get(folded=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A customer, or a member of the staff."""

    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    # The address itself, not a flag: whoever changes the other, by whatever way, has not confirmed it.
    confirmed_email = models.EmailField(_("confirmed e-mail"), max_length=254, blank=True, editable=False)
    is_staff = models.BooleanField(_("may use the admin"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ("email",)
        constraints = (models.UniqueConstraint(Lower("email"), name="user_email_unique"),)
        indexes = (
            models.Index(fields=("-created_at",), name="user_created"),
            models.Index(fields=("is_staff", "email"), name="user_staff"),
            models.Index(fields=("is_active", "email"), name="user_active"),
        )

    def __str__(self) -> str:
        return self.email

    @property
    def is_confirmed(self) -> bool:
        """Whether the account's owner has shown that they read the mails to its address."""
        return bool(self.email) and self.confirmed_email.lower() == self.email.lower()

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] or self.email


class PostalFields(models.Model):
    """The parts of an address, as carts, orders and the address book hold them."""

    name = models.CharField(_("full name"), max_length=120)
    company = models.CharField(_("company"), max_length=120, blank=True)
    line1 = models.CharField(_("street and number"), max_length=160)
    line2 = models.CharField(_("flat, floor"), max_length=160, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20)
    city = models.CharField(_("town or city"), max_length=120)
    # ISO 3166-2 without the country: "MI" for US-MI; where addresses name it, tax may hang on it
    region = models.CharField(_("state or province"), max_length=40, blank=True)
    country = models.CharField(_("country"), max_length=2)
    phone = models.CharField(_("phone"), max_length=40, blank=True)

    class Meta:
        abstract = True


class Address(PostalFields):
    """An address kept by a customer."""

    user = models.ForeignKey(User, models.CASCADE, related_name="addresses", verbose_name=_("user"))
    is_default = models.BooleanField(_("default"), default=False)

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        ordering = ("user_id", "-is_default", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("user",), condition=models.Q(is_default=True), name="address_one_default"
            ),
        )
        indexes = (
            models.Index(fields=("country",), name="address_country"),
            models.Index(fields=("name", "id"), name="address_name"),
        )

    def __str__(self) -> str:
        return f"{self.name}, {self.line1}, {self.city}"


class Login(models.Model):
    """One browser that is logged in. Its session knows the row's id; without the row it is nobody's."""

    user = models.ForeignKey(
        User, models.CASCADE, db_index=False, related_name="logins", verbose_name=_("user")
    )
    agent = models.CharField(_("browser"), max_length=300, blank=True)  # as it calls itself
    created_at = models.DateTimeField(_("logged in"), auto_now_add=True)
    seen_at = models.DateTimeField(_("last used"))  # to the hour

    class Meta:
        verbose_name = _("login")
        verbose_name_plural = _("logins")
        ordering = ("user_id", "-seen_at")
        indexes = (models.Index(fields=("user", "-seen_at"), name="login_of_user"),)

    def __str__(self) -> str:
        return f"{self.user_id}, {self.created_at:%d.%m.%Y}"
