"""Makes the overview of a workspace: figures of its lists, each from a limited number of rows."""
