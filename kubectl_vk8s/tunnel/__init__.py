"""The way to the API server of a virtual cluster: kubectl runs `credential`, which starts what else it takes.

Nothing here imports click or rich: each of a user's kubectl calls pays for it.
"""
