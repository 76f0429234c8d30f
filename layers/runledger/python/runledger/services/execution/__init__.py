"""Running: starting, walking, settling and canceling runs."""
