"""How problems are worded."""


def sentence(text: str) -> str:
    """A message of a library as a sentence: a capital first, a full stop last."""
    ended = text if text.endswith((".", "!", "?")) else f"{text}."
    return ended[:1].upper() + ended[1:]
