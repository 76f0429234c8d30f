"""Works on many rows after the request has ended: exports and bulk cancellations."""
