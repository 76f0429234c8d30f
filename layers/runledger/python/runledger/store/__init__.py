"""The one table and the body bucket: every key, read and write."""
