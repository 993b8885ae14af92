"""What every function shares: its parameters, permissions, results and guards."""

import gc

# A cold start makes a hundred thousand objects and no garbage; looking for it there takes a sixth of the time.
gc.set_threshold(200_000)
