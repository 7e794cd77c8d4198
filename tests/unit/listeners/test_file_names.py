from orchestrator.listeners.log_file import log_file_name
from orchestrator.listeners.report_file import report_file_name


def test_files_are_named_as_in_the_original_readme():
    names = [log_file_name("20240918_143022"), report_file_name("20240918_143022")]

    assert names == ["orchestrator_20240918_143022.log", "execution_report_20240918_143022.json"]
