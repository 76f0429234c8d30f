"""One deployed stack for both roles: the owner goes first, and what it leaves the viewer reads."""
