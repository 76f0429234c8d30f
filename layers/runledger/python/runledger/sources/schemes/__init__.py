"""The ways in which senders prove their events, one file each."""
