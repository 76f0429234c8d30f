"""Whether a text contains Liquid, found without importing Liquid, which loads slowly."""


def has_liquid(source: str) -> bool:
    """Whether the text contains Liquid markup."""
    return "{{" in source or "{%" in source
