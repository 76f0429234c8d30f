"""Reads lists, timelines and failure groups page by page; also saves views of lists."""
