"""Compiled loops over arrays. They check nothing: callers do."""
