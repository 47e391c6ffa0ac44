"""Customers and staff on the merchant's desk."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Address, User
from shop.desk.cells import country, moment
from shop.desk.filters import CountryFilter
from shop.desk.site import Section
from shop.desk.tables import Rows, Table, Unchangeable

POWERS = ("is_staff", "is_superuser", "groups")


class NewUserForm(AdminUserCreationForm):
    """A user by e-mail address."""

    class Meta:
        model = User
        fields = ("email", "name")

    def clean_email(self) -> str:
        """Addresses are compared without regard to case."""
        email: str = self.cleaned_data["email"]
        if User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("Somebody has this address already."))
        return email


class UserForm(UserChangeForm):
    """A user's data."""

    class Meta:
        model = User
        fields = "__all__"
        field_classes: dict[str, type[forms.Field]] = {}

    clean_email = NewUserForm.clean_email


class AddressRows(Rows):
    """The address book."""

    model = Address
    fields = ("name", "line1", "line2", "postcode", "city", "country", "phone", "is_default")


@admin.register(User)
class UserTable(Table, UserAdmin):
    """Who buys, and who works here. Only a superuser gives or takes powers."""

    section = Section.CUSTOMERS
    place = 1
    form = UserForm
    add_form = NewUserForm
    list_display = ("email", "name", "is_staff", "is_active", "since")
    sortable_by = ("email", "is_staff", "is_active", "since")
    list_filter = ("is_staff", "is_active", "groups")
    search_fields = ("email", "name")
    search_help_text = gettext_lazy("Search by e-mail or name")
    ordering = ("email",)
    filter_horizontal = ()
    autocomplete_fields = ("groups",)
    readonly_fields = ("confirmed", "last_login", "created_at")
    inlines = (AddressRows,)
    fieldsets = (
        (None, {"fields": ("email", "confirmed", "name", "password", "is_active")}),
        (gettext_lazy("What they may do"), {"fields": ("is_staff", "is_superuser", "groups")}),
        (gettext_lazy("Since when"), {"fields": ("created_at", "last_login")}),
    )
    add_fieldsets = (
        (
            None,
            {"classes": ("wide",), "fields": ("email", "name", "usable_password", "password1", "password2")},
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Whoever only looks sees nothing of a password, not even how it is kept."""
        shown = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return shown
        first, *rest = shown
        kept = tuple(name for name in first[1]["fields"] if name != "password")
        return [(first[0], {**first[1], "fields": kept}), *rest]

    @admin.display(description=gettext_lazy("confirmed"), boolean=True)
    def confirmed(self, user: User) -> bool:
        return user.is_confirmed

    @admin.display(description=gettext_lazy("since"), ordering="created_at")
    def since(self, user: User) -> Any:
        return moment(user.created_at)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        powers = () if getattr(request.user, "is_superuser", False) else POWERS
        return (*self.readonly_fields, *powers)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes a superuser but another one: a new password would be a new power."""
        is_above = obj is not None and obj.is_superuser and not getattr(request.user, "is_superuser", False)
        return not is_above and super().has_change_permission(request, obj)

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        return [AddressRows] if obj else []


@admin.register(Address)
class AddressTable(Table):
    """Addresses that customers keep."""

    section = Section.CUSTOMERS
    place = 2
    list_display = ("name", "line1", "postcode", "city", "land", "user")
    sortable_by = ("name", "land", "user")
    list_filter = (CountryFilter,)
    list_select_related = ("user",)
    search_fields = ("name", "city", "postcode", "user__email")
    ordering = ("name", "id")
    autocomplete_fields = ("user",)

    @admin.display(description=gettext_lazy("country"), ordering="country")
    def land(self, address: Address) -> str:
        return country(address.country)


admin.site.unregister(Group)


@admin.register(Group)
class GroupTable(Table, GroupAdmin):
    """Merchant, Support, and what a shop adds."""

    section = Section.STAFF
    place = 1
    filter_horizontal = ()
    autocomplete_fields = ("permissions",)
    form = forms.ModelForm


@admin.register(Permission)
class PermissionTable(Unchangeable, Table):
    """Only so that groups find them by typing; it stands nowhere on the desk."""

    section = None
    search_fields = ("name", "codename", "content_type__app_label")
    ordering = ("content_type__app_label", "content_type__model", "codename")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Permission]:
        return super().get_queryset(request).select_related("content_type")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False
