"""Sentences from templates. `{Name}` is `{name}` with a capital letter."""

from collections.abc import Mapping, Sequence
from random import Random


def fill(template: str, words: Mapping[str, object]) -> str:
    capitals = {
        name.capitalize(): str(word)[:1].upper() + str(word)[1:] for name, word in words.items()
    }
    return template.format(**capitals, **words)


def sentences(
    rng: Random, templates: Sequence[str], count: int, words: Mapping[str, object]
) -> str:
    return " ".join(fill(template, words) for template in rng.sample(list(templates), count))


def a_list(words: Sequence[str]) -> str:
    """Join as people say it: one, two and three."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
