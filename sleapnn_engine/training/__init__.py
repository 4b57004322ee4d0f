"""Training: from a job to a run folder with a trained model in it."""
