"""Addresses of the account."""

from django.urls import path

from accounts.views import account, addresses, entry, logins, reset

app_name = "accounts"
urlpatterns = [
    path("account/", account.account, name="account"),
    path("account/login/", entry.login, name="login"),
    path("account/logout/", entry.logout, name="logout"),
    path("account/register/", entry.register, name="register"),
    path("account/reset/", reset.reset, name="reset"),
    path("account/reset/<token>/", reset.reset_new, name="reset_new"),
    path("account/confirm/", account.send_confirmation, name="send_confirmation"),
    path("account/confirm/<token>/", account.confirm, name="confirm"),
    path("account/details/", account.details, name="details"),
    path("account/name/", account.name, name="name"),
    path("account/password/", account.password, name="password"),
    path("account/email/", account.email, name="email"),
    path("account/email/<token>/", account.change, name="change"),
    path("account/addresses/", addresses.addresses, name="addresses"),
    path("account/addresses/new/", addresses.address, name="new_address"),
    path("account/addresses/<int:address_id>/", addresses.address, name="address"),
    path("account/addresses/<int:address_id>/remove/", addresses.remove, name="remove_address"),
    path("account/addresses/<int:address_id>/prefer/", addresses.prefer, name="prefer_address"),
    path("account/logins/", logins.logins, name="logins"),
    path("account/logins/end/", logins.log_out, name="log_out"),
]
