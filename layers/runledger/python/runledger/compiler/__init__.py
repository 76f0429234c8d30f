"""Compiles a graph to a Step Functions machine, and checks both."""
