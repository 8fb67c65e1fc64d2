"""Reports: one page that says which properties drive what was measured."""

from graf.report.write import write_report

__all__ = ["write_report"]
