"""What is known about each sender: data, one small file for each group of senders."""
