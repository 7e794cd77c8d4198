"""What tests of rehearsals ask: the report of one, and how its tasks ended."""


def rehearsed(home, *options, code=0):
    told = home.etl("rehearse", *options, "-o", "json")
    assert told.code == code, told.err
    return told.records


def states(report):
    return {task_id: one["status"] for task_id, one in report["results"].items()}
