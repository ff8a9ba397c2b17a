"""The networks that come along: their family tree, a list of them, and all that is known of the one chosen."""
