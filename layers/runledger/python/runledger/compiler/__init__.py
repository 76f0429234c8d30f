"""Graph to Step Functions machine: checks, ASL, compile."""
