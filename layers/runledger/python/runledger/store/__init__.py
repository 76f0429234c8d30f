"""The one table and the body bucket: all their keys, and all code that reads or writes them."""
