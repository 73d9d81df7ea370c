"""The report of a run: one HTML file that needs no network (a package of its own, so that a changed
page never makes `evaluate` run again)."""

from muse_core.evaluation.report.data_page import write_data_report
from muse_core.evaluation.report.inputs import ReportInputs, gather, gather_data
from muse_core.evaluation.report.page import write_page, write_report

__all__ = ["ReportInputs", "gather", "gather_data", "write_data_report", "write_page", "write_report"]
