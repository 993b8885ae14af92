"""What runs on AWS Lambda: one file per check, per fix and per step of the chain."""
