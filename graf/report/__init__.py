"""Reports: pages that say which properties drive what was measured, and what searches found."""

from graf.report.search_page import write_search_page
from graf.report.write import write_report

__all__ = ["write_report", "write_search_page"]
