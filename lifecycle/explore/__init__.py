"""Questions about many situations: which way leads where, what would have to change, what differs."""
