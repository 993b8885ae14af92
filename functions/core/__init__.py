"""What every function shares: its parameters, permissions, results and guards."""
