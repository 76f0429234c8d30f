"""The formats of a webhook's body, each read into one JSON value."""
