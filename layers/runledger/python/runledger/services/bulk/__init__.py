"""Work on many rows that goes on after its request: exports and bulk cancellations."""
