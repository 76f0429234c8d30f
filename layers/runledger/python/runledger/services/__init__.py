"""The use cases. Each takes its store and clients as arguments."""
