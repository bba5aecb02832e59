"""What an installation needs before the hooks run, and what stands before its end: Jobs of the Helm chart.

The hooks themselves call no API server. This does, as the owner of another token, and nothing of it runs with them.
"""
