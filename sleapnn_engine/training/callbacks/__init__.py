"""What happens around the training loop, one duty per file."""
