"""The account's pages."""
