"""The routes of the function `api`: all methods except GET. Most of them change something."""
