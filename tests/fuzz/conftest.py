"""One deployed stack for the tests of both roles: the owner goes first, and the viewer reads the
data that the owner's requests leave."""
