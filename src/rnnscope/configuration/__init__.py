"""Checks of config.yaml before the first job runs: its schema, and what a schema cannot state."""
