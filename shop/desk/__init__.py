"""The merchant's desk: Django's admin, arranged and dressed as part of this house."""
