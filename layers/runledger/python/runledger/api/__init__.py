"""The wire: what the API and the bus take and answer, one file a resource."""
