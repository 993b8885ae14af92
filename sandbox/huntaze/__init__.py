"""Huntaze: an Amplify app, an AI router on ECS in another region, a video worker, and the account that they are in."""

from sandbox.huntaze.place import SANDBOX_SECRET
from sandbox.huntaze.system import Huntaze

__all__ = ["SANDBOX_SECRET", "Huntaze"]
