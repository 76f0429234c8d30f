"""The routes of the function `query`: GET requests, which only read. A module that only some
requests need is imported by the first such request, so that a new instance answers quickly."""
