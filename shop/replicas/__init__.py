"""Reading on replicas of the database: on one that is alive and knows what it must, else on the primary.

Whoever asks for nothing reads on the primary: a forgotten annotation costs load, never correctness.
"""

from shop.replicas.heartbeat import beat, beat_until
from shop.replicas.reads import Lost, alias, is_of_a_statement, read, read_replica, reading

__all__ = ["Lost", "alias", "beat", "beat_until", "is_of_a_statement", "read", "read_replica", "reading"]
