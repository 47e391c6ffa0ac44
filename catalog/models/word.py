"""Word: what the goods are called, word by word, so that a query's words can be held against it."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models

LONGEST_WORD = 60


class Word(models.Model):
    """A word that some goods bear. Derived from cards now and then, see catalog/search/vocabulary.py.

    No page prints it: it says what a query means, and what it finds is judged by the cards.
    """

    language = models.CharField(max_length=8)  # "en": of all its variants
    word = models.CharField(max_length=LONGEST_WORD)  # lower case, without accents
    stem = models.CharField(max_length=LONGEST_WORD)  # what its forms have in common, as cards are searched
    goods = models.PositiveIntegerField()  # how many bear it
    near = ArrayField(models.TextField(), default=list)  # it and its stem, and each less each letter
    parts = ArrayField(models.TextField(), default=list)  # of a compound: the stems of what it ends with
    apart = ArrayField(models.TextField(), default=list, db_default=[])  # "wi", "fi": as some write it

    class Meta:
        constraints = (models.UniqueConstraint(fields=("language", "word"), name="word_once"),)
        indexes = (
            models.Index(fields=("language", "stem"), name="word_stem"),
            models.Index("language", OpClass("word", name="varchar_pattern_ops"), name="word_beginning"),
            GinIndex(fields=("near",), name="word_near"),
            GinIndex(fields=("parts",), condition=~models.Q(parts=[]), name="word_parts"),
        )

    def __str__(self) -> str:
        return self.word


class Vocabulary(models.Model):
    """When a language's words were collected last."""

    language = models.CharField(primary_key=True, max_length=8)
    learned_at = models.DateTimeField()
    took_seconds = models.FloatField()
    goods = models.PositiveIntegerField()  # that bear them
    cards = models.BigIntegerField()  # the newest change of a card by then, see catalog/search/vocabulary.py

    def __str__(self) -> str:
        return self.language
