"""A Stripe of the tests' own: a process on loopback that remembers, declines, asks, and gets lost."""
