"""What can be told of a template by its look: without Liquid, which takes long to load."""


def has_liquid(source: str) -> bool:
    """Whether the text holds any Liquid markup at all."""
    return "{{" in source or "{%" in source
