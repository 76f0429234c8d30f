"""Formats the messages of a graph's problems."""


def sentence(text: str) -> str:
    """Returns a library's message as a sentence: with a capital letter and a full stop."""
    ended = text if text.endswith((".", "!", "?")) else f"{text}."
    return ended[:1].upper() + ended[1:]
