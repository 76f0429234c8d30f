"""template.yaml as data, for tests."""

from local.template import load_template

__all__ = ["load_template"]
