-- Lists of executions stay as fast after years as on the first day: each kind of list has an order of its own.

CREATE INDEX executions_by_status ON executions (status, created_at, execution_id);
CREATE INDEX executions_by_workflow ON executions (workflow, created_at, execution_id);
CREATE INDEX executions_by_workflow_and_status ON executions (workflow, status, created_at, execution_id);

-- how executions went of late is counted from this alone
CREATE INDEX executions_by_outcome ON executions (created_at, status, duration)
WHERE status IN ('completed', 'completed_with_errors', 'failed', 'cancelled');
