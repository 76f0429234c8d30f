"""The documents that the API and the event bus accept and send, one file per resource."""
