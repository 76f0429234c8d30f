"""One deployed stack for both roles: the owner goes first, and the viewer reads what it leaves."""
