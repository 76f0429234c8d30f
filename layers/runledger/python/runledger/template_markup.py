"""Facts about a template from its text alone, without Liquid, which loads slowly."""


def has_liquid(source: str) -> bool:
    """Whether the text contains Liquid markup."""
    return "{{" in source or "{%" in source
