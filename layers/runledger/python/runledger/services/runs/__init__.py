"""What is known of one run: its context, state, position and errors."""
