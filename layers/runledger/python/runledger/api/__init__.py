"""The wire: the documents that the API and the bus take and send, one file per resource."""
