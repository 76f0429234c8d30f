"""Messages: gates, sending, retries and feedback."""
